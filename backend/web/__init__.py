"""The web app, served as files beside the API."""
