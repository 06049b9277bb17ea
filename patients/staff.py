"""Accounts and their roles at sites. The only writer of both."""

from __future__ import annotations

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from . import sessions
from .models import Membership, Role, Site, User


def add(*, username: str, first_name: str = "", last_name: str = "", email: str = "", password: str | None = None) -> User:
    """An account without any role; without a password it can sign in only through single sign-on. One that exists is returned as it is."""
    user = User.objects.filter(username=username).first()
    if user is not None:
        return user
    return User.objects.create_user(username, email, password, first_name=first_name, last_name=last_name)


class Mixed(ValueError):
    """One account would work with invented people and with real ones."""


def join(user: User, *, site: Site, role: Role | str) -> Membership:
    """The user holds the role at the site from now on; a role that had ended is taken up again.

    Raises:
        Mixed: the account belongs to real sites and this one is for training, or the other way round.
    """
    if user.memberships.filter(until=None).exclude(site__is_training=site.is_training).exists():
        raise Mixed(f"{user.get_username()} works at {'real' if site.is_training else 'training'} sites: make an account of its own")
    membership, _ = Membership.objects.get_or_create(user=user, site=site, role=Role(role))
    if membership.until is not None:
        membership.until = None
        membership.save(update_fields=["until"])
    return membership


def leave(user: User, *, site: Site, on: date, role: Role | str | None = None) -> int:
    """The user holds the role (or any role) at the site no more; they see nothing of it from the next request on."""
    held = Membership.objects.filter(user=user, site=site, until=None)
    return (held.filter(role=Role(role)) if role else held).update(until=on)


def speak(user: User, *, language: str) -> None:
    """The screens speak this language to the user."""
    user.language = language
    user.save(update_fields=["language"])


def correct(user: User, *, first_name: str, last_name: str, email: str) -> None:
    user.first_name, user.last_name, user.email = first_name, last_name, email
    user.save(update_fields=["first_name", "last_name", "email"])


def enable(user: User) -> None:
    """The person is back: the account opens again, without any role and without its former password."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def disable(user: User, *, on: date) -> None:
    """The person has left: no signing in, no role anywhere. The account stays, because logs name it."""
    with transaction.atomic():
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=["is_active", "password"])
        Membership.objects.filter(user=user, until=None).update(until=on)


def forget_second_factor(user: User, *, now: datetime) -> int:
    """It was lost: every session ends, and the next sign-in sets up a new one. How many sessions."""
    Authenticator.objects.filter(user=user).delete()
    return sessions.end_all(user, now=now)
