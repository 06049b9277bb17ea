"""A passkey, made and used with the authenticator that Chromium plays: the page's scripts, the policy and the server's check in one."""

from __future__ import annotations

from patients.models import User
from tests.browser.conftest import Open
from tests.people import PASSWORD

# As a phone or laptop has it: it keeps the key and asks its owner for a finger.
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in_without_a_password(open_as: Open, dara: User) -> None:
    page = open_as(dara)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/account/")
    page.click("text=Keys, passkeys and codes")
    page.click("text=Add a key or passkey")
    page.fill("[name=password]", PASSWORD)  # once more, before anything of the sign-in changes
    page.press("[name=password]", "Enter")
    page.fill("[name=name]", "blue key")
    page.check("[name=passwordless]")
    page.click("#add_key")
    page.wait_for_url("**/recovery-codes/")
    page.goto("/accounts/2fa/")
    assert "blue key" in page.inner_text("main")
    page.context.clear_cookies()
    page.goto("/queue/")
    page.click("#passkey_login")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    assert dara.get_full_name() in page.inner_text("header")
