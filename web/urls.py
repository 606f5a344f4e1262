"""Routes of the pages."""

from django.urls import path

from .views import home, robots

urlpatterns = [path("", home, name="home"), path("robots.txt", robots, name="robots")]
