#!/usr/bin/python3
"""A window of WebKitGTK for its driver. MiniBrowser would do, but has no disk when it is driven, and so no origin private file system."""
import os
import sys
import tempfile

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2

# What Safari has, and WebKitGTK has switched off.
FEATURES = ["StorageAPI", "StorageAPIEstimate", "FileSystem", "AccessHandle", "FileSystemWritableStream"]

profile = tempfile.TemporaryDirectory(prefix="bertlet-webkit-", ignore_cleanup_errors=True)
folders = {"base_data_directory": os.path.join(profile.name, "data"), "base_cache_directory": os.path.join(profile.name, "cache")}
context = WebKit2.WebContext.new_with_website_data_manager(WebKit2.WebsiteDataManager(**folders))
context.set_automation_allowed(True)

settings = WebKit2.Settings()
features = WebKit2.Settings.get_all_features()
for feature in (features.get(i) for i in range(features.get_length())):
    if feature.get_identifier() in FEATURES:
        settings.set_feature_enabled(feature, True)


def open_view(session):
    window = Gtk.Window(default_width=1280, default_height=900)
    view = WebKit2.WebView(web_context=context, settings=settings, is_controlled_by_automation=True)
    view.connect("close", lambda _: Gtk.main_quit())
    window.connect("destroy", lambda _: Gtk.main_quit())
    window.add(view)
    window.show_all()
    return view


def start(_, session):
    info = WebKit2.ApplicationInfo.new()
    info.set_name("WebKitGTK")
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect("create-web-view", open_view)


context.connect("automation-started", start)
Gtk.main()
