"""Routes of the pages."""

from django.urls import path

from .joining import join, object_to_recovery
from .profile import profile, profile_graph
from .registering import register, registration_file
from .views import home, robots

urlpatterns = [
    path("", home, name="home"),
    path("join/", join, name="join"),
    path("join/object/", object_to_recovery, name="object"),
    path("register/", register, name="register"),
    path("register/file/", registration_file, name="registration-file"),
    # An address of its own, because larger bodies are taken there.
    path("register/document/", registration_file, name="registration-document"),
    path("ns/odrl", profile, name="odrl-profile"),
    path("ns/odrl.jsonld", profile_graph, name="odrl-profile-graph"),
    path("robots.txt", robots, name="robots"),
]
