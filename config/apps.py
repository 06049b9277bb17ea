from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app for its commands and its one table."""

    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """So that a task sent from the web knows its broker."""
        from config import celery

        self.celery = celery.app
