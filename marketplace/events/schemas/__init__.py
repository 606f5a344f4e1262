"""Every event of the house, as pure dataclasses: one module an emitting application. Nothing else lives here."""
