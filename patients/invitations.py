"""The way into a new account: a link, good for a few days and once, on which its holder chooses a password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.urls import reverse

from .models import User


def path_for(user: User) -> str:
    """Path of the link. It ends with the first password, with a new e-mail address, and after Django's `PASSWORD_RESET_TIMEOUT`."""
    return reverse(
        "account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    )


def send(user: User, *, address: str) -> None:
    """Mail the link. Names the user only."""
    words = (
        f"An account was made for you in Finalmile. Your user name is {user.get_username()}.\n\n"
        f"Choose a password here, within three days:\n{address}\n\nIf you did not expect this, throw it away."
    )
    send_mail("Finalmile: your account", words, None, [user.email])
