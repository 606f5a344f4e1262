"""Routes of a market whose page for unknown addresses fails, because there is no front page to link to."""

handler404, handler500 = "web.views.page_not_found", "web.views.server_error"
urlpatterns: list[object] = []
