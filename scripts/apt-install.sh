# Sourced: `apt_install PACKAGE...` installs what is missing and shows which package it is at.
apt_install() {
  missing=
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  printf 'Installing%s ...\n' "$missing" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086 # the list is meant to be split
  if apt-get -qq update >"$log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends -o Dpkg::Use-Pty=0 $missing 2>&1 |
    tee -a "$log" | sed -un 's/^Setting up \([^ ]*\).*/  \1/p' >&2 &&
    [ -z "$(for package in $missing; do dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>&1; done | grep -v '^installed$')" ]; then
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    printf 'apt-get could not install%s; its messages are above.\n' "$missing" >&2
    return 1
  fi
}
