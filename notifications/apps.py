from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from notifications import reviewing
        from pathways import signing

        if reviewing.unsigned not in signing.ALSO_SIGNED:
            signing.ALSO_SIGNED.append(reviewing.unsigned)
