from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app for its commands and its one table."""

    name = "config"
    default_auto_field = "django.db.models.BigAutoField"
