# Sourced: `apt_install PACKAGE...` installs what is missing, quietly, and says what it does.
apt_install() {
  missing=
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  printf 'Installing%s ...\n' "$missing" >&2
  apt-get -qq update >&2
  # shellcheck disable=SC2086 # the list is meant to be split
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >&2
}
