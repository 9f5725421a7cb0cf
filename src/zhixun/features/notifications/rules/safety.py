"""Mails about what guards an account: links that open it once, and what has changed. Whole texts in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from zhixun.kernel.values import Words

CHANGES = {
    "app_added": Words("设置了验证器应用", "an authenticator app was set up"),
    "app_removed": Words("移除了验证器应用", "the authenticator app was removed"),
    "passkey_added": Words("添加了通行密钥", "a passkey was added"),
    "passkey_removed": Words("移除了通行密钥", "a passkey was removed"),
    "codes_made": Words("重新生成了恢复码", "new recovery codes were made"),
    "code_used": Words("使用了一个恢复码", "a recovery code was used"),
    "password_changed": Words("修改了密码", "the password was changed"),
    "password_reset": Words("通过邮件链接重设了密码", "the password was set anew by a link from a mail"),
    "key_made": Words("创建了一把程序密钥", "a key for a program was made"),
    "address_changed": Words("更换了登录邮箱", "the e-mail address was changed"),
}
UNKNOWN_DEVICE = Words("未知的浏览器", "an unknown browser")
NOT_YOU = Words(
    "如果不是你本人操作，请立即重设密码，并在“登录与安全”里退出其他设备。",
    "If this was not you, set a new password at once and sign out the other devices under “Sign-in and safety”.",
)


@dataclass(frozen=True)
class Letter:
    """Subject, text, and the words and path of the button; `{}` places are filled by `letter`."""

    subject: Words
    text: Words
    button: Words
    path: str


LETTERS = {
    "link_password": Letter(
        Words("重设你的密码", "Set a new password"),
        Words(
            "有人请求重设这个账户的密码。\n\n链接一小时内有效，只能使用一次。\n\n如果不是你，忽略这封邮件即可，密码不会改变。",
            "Somebody asked to set a new password for this account.\n\nThe link is good for an hour, and once.\n\n"
            "If it was not you, do nothing: your password stays as it is.",
        ),
        Words("设置新密码", "Set a new password"),
        "/sign-in/new-password/{token}",
    ),
    "link_confirm": Letter(
        Words("确认你的邮箱", "Confirm your address"),
        Words(
            "欢迎使用知询。请确认这是你的邮箱，这样预约和提醒才能送达。\n\n链接七天内有效。",
            "Welcome to Zhixun. Please confirm that this is your address, so that bookings and reminders reach you.\n\n"
            "The link is good for seven days.",
        ),
        Words("确认邮箱", "Confirm my address"),
        "/confirm-address/{token}",
    ),
    "link_change": Letter(
        Words("确认新的邮箱", "Confirm your new address"),
        Words(
            "你请求把账户的邮箱换成这个地址。确认后才会生效。\n\n链接 24 小时内有效，只能使用一次。",
            "You asked to use this address for your account from now on. It changes once you confirm it.\n\n"
            "The link is good for 24 hours, and once.",
        ),
        Words("使用这个邮箱", "Use this address"),
        "/change-address/{token}",
    ),
    "change_asked": Letter(
        Words("有人请求更换你的邮箱", "Somebody asked to change your address"),
        Words(
            "你的账户收到了更换登录邮箱的请求。新邮箱确认之后，这个地址将不再收到我们的邮件。\n\n" + NOT_YOU.zh,
            "We were asked to change the address of your account. Once the new one is confirmed, this one hears no more "
            "from us.\n\n" + NOT_YOU.en,
        ),
        Words("登录与安全", "Sign-in and safety"),
        "/me/security",
    ),
    "safety_changed": Letter(
        Words("账户安全变更：{what}", "Your account’s safety: {what}"),
        Words("你的账户{what}。\n\n时间：{when}\n\n" + NOT_YOU.zh, "On your account, {what}.\n\nWhen: {when}\n\n" + NOT_YOU.en),
        Words("登录与安全", "Sign-in and safety"),
        "/me/security",
    ),
    "new_device": Letter(
        Words("新设备登录：{what}", "A new device: {what}"),
        Words(
            "你的账户在一台我们没见过的设备上登录了。\n\n设备：{what}\n时间：{when}\n\n如果是你，无需理会。" + NOT_YOU.zh,
            "Your account was opened on a device we had not seen.\n\nDevice: {what}\nWhen: {when}\n\n"
            "If it was you, all is well. " + NOT_YOU.en,
        ),
        Words("登录与安全", "Sign-in and safety"),
        "/me/security",
    ),
}  # fmt: skip


def letter(kind: str, *, language: str, what: str = "", when: str = "") -> tuple[str, str]:
    """Subject and text in the reader's language."""
    found = LETTERS[kind]
    subject = found.subject.in_language(language).format(what=what)
    return subject, found.text.in_language(language).format(what=what, when=when)
