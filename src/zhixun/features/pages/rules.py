"""What the pages of people and of the house are made of: limits, first pages, demo accounts, what each table is for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from zhixun.features.accounts import rules as accounts
from zhixun.kernel.errors import N_
from zhixun.kernel.values import Words

SIGN_IN_TRIES_MAX, SIGN_IN_SECONDS = 100, 900
"""From one address of the net, right or wrong; one e-mail address is limited far more tightly by accounts."""
FACTOR_TRIES_MAX = 60
"""Codes and passkeys from one address of the net in a quarter of an hour; one account is limited far more tightly."""
SIGN_UP_TRIES_MAX, SIGN_UP_SECONDS = 30, 3600

LINKS_FROM_ONE_HOST, LINKS_TO_ONE_ADDRESS, LINKS_SECONDS = 20, 3, 3600
"""Links by mail that one address of the net may ask for, and that one address is sent, in an hour."""
KEPT_FIELDS_MAX = 300
"""Fields of a form that are kept while its sender is asked who they are."""

DEMO_PASSWORD = "zhixun-demo"
DEMO_ACCOUNTS = (
    ("client@example.com", N_("Sample client")),
    ("consultant@example.com", N_("Sample consultant")),
    ("operator@example.com", N_("Sample operator")),
)

FIRST_PAGES = (("operator", "admin.overview"), ("consultant", "pages.pro_day"), ("reviewer", "quality.review"))
"""Where a role begins after signing in; the first that fits. Everyone else begins at home."""

SIGN_UP_CHECKS: dict[str, Callable[[str], object]] = {
    "name": accounts.clean_name,
    "email": accounts.clean_email,
    "password": accounts.check_password,
}

ZONE_DEFAULT = "Asia/Shanghai"
ZONES_COMMON = (
    "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Europe/Berlin",
    "Europe/London", "America/New_York", "America/Toronto", "America/Los_Angeles",
)  # fmt: skip

DAYS_SHOWN = 8
"""Today and the seven days after it, on a consultant's desk."""
LINES_SHOWN = 20
"""Lines of a statement on one page."""

LEGAL_PAGES = ("privacy", "terms", "refunds", "ranking")
LEGAL_PUBLISHED = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""The day these texts came into force; changed together with their version in privacy/rules.py."""


def known_zone(zone: str) -> str:
    """The zone a browser guessed, or the house's own where the guess is none."""
    return zone if zone in accounts.zones() else ZONE_DEFAULT


def zone_choices(chosen: str) -> list[str]:
    """The common zones, with the chosen one among them."""
    return [*ZONES_COMMON, *([chosen] if chosen in accounts.zones() and chosen not in ZONES_COMMON else [])]


TABLES: dict[str, Words] = {
    "accounts_users": Words(
        "你的称呼、邮箱、密码的散列值、时区、语言、身份和注册时间",
        "Your name, e-mail address, a hash of your password, time zone, language, roles and the day you signed up",
    ),
    "accounts_blocks": Words("你屏蔽了谁", "Whom you have blocked"),
    "messaging_contacts": Words(
        "首次咨询前你的消息里出现联系方式的提示记录（不含内容）",
        "When a message of yours held contact details before a first session",
    ),
    "accounts_sign_ins": Words(
        "你在哪些设备上登录：浏览器名称、登录时间、到期时间和登录凭据的散列值",
        "Where you are signed in: the browser’s name, when it began and ends, and a hash of the sign-in token",
    ),
    "accounts_apps": Words(
        "验证器应用的密钥（加密保存）和启用时间，用于两步验证",
        "The secret of your authenticator app, sealed, and since when it is asked for",
    ),
    "accounts_recovery_codes": Words(
        "恢复码的散列值，以及是否用过", "Hashes of your recovery codes, and which of them were used"
    ),
    "accounts_passkeys": Words(
        "你的通行密钥：名称、公钥、添加和最近使用的时间",
        "Your passkeys: their names, public keys, when they were added and last used",
    ),
    "accounts_mail_links": Words(
        "发给你的邮件链接：用途、时间和散列值；更换邮箱时加密保存新邮箱",
        "Links mailed to you: what for, when, and a hash; a new address that waits for its link is sealed",
    ),
    "accounts_devices": Words(
        "你用过的浏览器（随机编号的散列值）和最近使用时间，用于新设备提醒，保存 400 天",
        "Browsers you signed in with (a hash of a random number), and when last, to tell you of new ones; kept for 400 days",
    ),
    "accounts_doors": Words(
        "正在等待第二步验证的登录，十分钟后失效",
        "A sign-in that waits for its second factor; it ends after ten minutes",
    ),
    "accounts_failed_tries": Words(
        "输错密码或验证码的账户和时间，只用于限制猜测，十五分钟后不再计数，并自动清除",
        "The account and time of wrong passwords and codes, only to slow guessing down; they stop counting after fifteen "
        "minutes and are cleared by themselves",
    ),
    "web_windows": Words(
        "某个网络地址或账户在一段时间内的请求次数，只用于限流，几小时内清除",
        "How often a network address or account asked within a while, only to limit abuse; cleared within hours",
    ),
    "privacy_consents": Words(
        "你同意过什么、哪个版本、何时同意、何时撤回",
        "What you agreed to, in which version, when, and when you took it back",
    ),
    "privacy_erasures": Words(
        "一次删除的凭证：编号、时间、各表的条数", "The proof of an erasure: an id, the time, counts per table"
    ),
    "vault_person_keys": Words(
        "加密你所写内容的密钥（本身也被加密）；删除账户时销毁",
        "The key your words are sealed with, itself wrapped; destroyed when you are erased",
    ),
    "vault_reads": Words(
        "谁在哪一天看过你加密保存的内容，你可以自己查看，保存两年",
        "Who opened something sealed of yours, on which day; yours to see, kept for two years",
    ),
    "audit_lines": Words("运营人员对订单和账户做过的操作", "What people at the desk did to orders and accounts"),
    "profiles_profiles": Words(
        "系统从你的使用中得出的兴趣与习惯", "What the house has learnt of your interests and habits"
    ),
    "profiles_corrections": Words("你对这些兴趣的更正", "Your corrections of these interests"),
    "behaviour_pseudonyms": Words(
        "你的浏览、搜索和点击记录（以假名保存）", "Your visits, searches and clicks, kept under a pseudonym"
    ),
    "behaviour_interactions": Words(
        "你同意后记录的浏览与预约，只记在假名下",
        "Your visits and bookings, recorded with your consent and under a pseudonym only",
    ),
    "recommend_suggested": Words("系统向你推荐过的咨询师", "Consultants that were suggested to you"),
    "catalog_consultants": Words(
        "咨询师公开页上的内容：姓名、照片、头衔、介绍、城市、性别、年限",
        "What a consultant’s public page says and shows: name, photo, title, introduction, city, gender, years",
    ),
    "catalog_credentials": Words(
        "咨询师的资质：名称、编号、核验方式与日期",
        "A consultant’s credentials: name, number, how and when they were checked",
    ),
    "scheduling_calendars": Words("咨询师的时区和每周可约时间", "A consultant’s time zone and weekly hours"),
    "scheduling_overrides": Words("咨询师与每周不同的日期", "A consultant’s dates that differ from the weekly hours"),
    "scheduling_times": Words("谁保留或预约了哪个时段", "Who held or booked which time"),
    "scheduling_busy_calendars": Words(
        "咨询师接入的其他日历：名称、加密保存的地址、用户名和密码、上次读取的时间、是否写入咨询",
        "A consultant’s calendars kept elsewhere: name, sealed address, user name and password, when they were last read, "
        "and whether sessions are put into them",
    ),
    "scheduling_busy_times": Words(
        "咨询师的其他日历中何时没空（只有起止时间，没有标题）",
        "When a consultant’s other calendars say busy: from and until only, no titles",
    ),
    "waitlist_places": Words(
        "你在候补名单中的位置：等谁的哪项服务、哪一天、什么时段、何时加入",
        "Your places in waiting lists: whose service, which day and part of it, and since when",
    ),
    "waitlist_seats": Words(
        "你在哪场小组咨询候补名额、何时加入、名额为你保留到何时",
        "Which group sessions you wait for a seat in, since when, and until when one was kept for you",
    ),
    "waitlist_offers": Words(
        "候补到的时间：为你留了哪个时段、你怎样回应", "Freed times kept for you, and what you answered"
    ),
    "crm_recipients": Words(
        "你属于哪次优惠活动、在收到还是不收到的那一组、何时发出",
        "Which campaigns you were part of, whether among those written to, and when it was sent",
    ),
    "payments_differences": Words(
        "支付服务商的记录与我们的账目不一致之处：编号和金额",
        "Where the payment provider’s records and our books differed: numbers and amounts",
    ),
    "booking_groups": Words(
        "你作为咨询师设定的团体咨询：何时、标题、人数和价格",
        "Group sessions you set as a consultant: when, their title, how many seats and at what price",
    ),
    "booking_bookings": Words(
        "你的预约：和谁、何时、什么服务、价格、退款规则、你写给咨询师的说明、进入和结束的时间",
        "Your bookings: with whom, when, which service, the price, the refund rule, what you wrote for the consultant, "
        "when each of you came and when it ended",
    ),
    "booking_series": Words(
        "一起预约和支付的一系列咨询：和谁、哪项服务、几次、隔几周、按哪里的时间",
        "Sessions booked and paid for together: with whom, which service, how many, how far apart, on whose clock",
    ),
    "booking_steps": Words("一次预约的每一步：状态、时间、由谁", "Each step of a booking: state, time and by whom"),
    "payments_parts": Words(
        "一次付款分别付给一系列咨询中每一次的金额", "What of one payment pays for each session of a series"
    ),
    "search_free_services": Words(
        "咨询师的哪些服务可以按空闲时间被找到：价格、提前量、可约天数、时区",
        "Which of a consultant’s services are found by free time: price, notice, horizon, time zone",
    ),
    "search_free_runs": Words(
        "咨询师何时有空（由开放时间和预约算出）", "When a consultant is free, worked out from hours and bookings"
    ),
    "loyalty_coupon_uses": Words("你在哪次预约用了哪张优惠券", "Which coupon you used for which booking"),
    "loyalty_lots": Words(
        "你每次获得的积分、剩余和到期日", "The points you earned each time, what is left, until when"
    ),
    "loyalty_spends": Words("你在哪次预约用了多少积分", "How many points you used for which booking"),
    "plans_orders": Words(
        "你订购的套餐和会员：金额、状态、时间", "The packages and memberships you ordered: amount, state, time"
    ),
    "plans_holdings": Words(
        "你买下的套餐和会员：剩余次数、有效期、是否续期",
        "The packages and memberships you have: what is left, until when, whether they go on",
    ),
    "plans_fundings": Words(
        "你的哪次预约用了哪个套餐或优惠", "Which of your bookings a package or a discount paid for"
    ),
    "payments_payments": Words(
        "你的付款：金额、用途、方式、状态、时间", "Your payments: amount, purpose, way, state, time"
    ),
    "payments_charges": Words("支付渠道报告的每一笔到账", "Each charge the payment provider reported"),
    "payments_refunds": Words("你的退款：金额、原因、状态、时间", "Your refunds: amount, reason, state, time"),
    "ledger_transactions": Words("账本里的每一笔交易及其缘由", "Each transaction in the books and what caused it"),
    "ledger_entries": Words("每一笔交易的分录：账户与金额", "The entries of each transaction: account and amount"),
    "ledger_accounts": Words("每个账户的余额", "The balance of each account"),
    "quality_feedback": Words(
        "你在咨询后的反馈：五项评分、是否解决、推荐程度、文字、是否公开",
        "Your feedback after a session: five scores, whether it helped, how likely you are to recommend it, your words, "
        "and whether they are public",
    ),
    "quality_cases": Words(
        "哪些咨询经客户同意、隐去姓名后交给专家阅读，何时开始和结束",
        "Which sessions experts read without names, with the client’s consent, from when until when",
    ),
    "quality_expert_reviews": Words(
        "专家对一次咨询的评分和文字，以及由哪位专家写下",
        "An expert’s marks and words about a session, and which expert gave them",
    ),
    "quality_summaries": Words(
        "咨询后写给你的小结，以及何时写下", "The summary written for you after a session, and when it was written"
    ),
    "quality_follow_ups": Words("你在咨询后的追问和回答", "Your question after a session, and its answer"),
    "quality_appeals": Words(
        "咨询师对一条评价的申诉、理由和决定", "A consultant’s appeal against a review, its reason and the decision"
    ),
    "quality_predictions": Words(
        "对未经专家阅读的咨询推测的分数，不计入任何评分",
        "The score a regression expects for a session no expert read; it counts nowhere",
    ),
    "crm_notes": Words(
        "平台或咨询师为更好地服务你而写的备注，加密保存", "Notes of the desk or of a consultant about you, kept sealed"
    ),
    "crm_tags": Words("平台给你加的标签", "The words the desk sorts you by"),
    "crm_matters": Words(
        "你的投诉和建议、负责人、期限和回复", "Your complaints and suggestions, who owns them, by when, and the answer"
    ),
    "crm_checks": Words("咨询两周后你说它是否有帮助", "Whether a session had helped, asked two weeks later"),
    "notifications_notices": Words("我们告诉过你的事，以及你是否读过", "What we told you, and whether you read it"),
    "messaging_conversations": Words(
        "你和谁有对话，读到了哪里", "With whom you have a conversation, and how far you have read"
    ),
    "messaging_members": Words(
        "你在哪些对话里，读到了哪里", "Which conversations you are in, and how far you have read"
    ),
    "api_kept_answers": Words(
        "程序接口对你的写操作的回答，用于重复请求时给出同样的结果，到期自动清除",
        "What the API answered to your writes, so that the same request twice gets the same answer; cleared by itself",
    ),
    "payments_provider_events": Words(
        "支付渠道发来的事件编号和结果，使每个事件只计一次",
        "Ids and results of the payment provider’s events, so that each counts once",
    ),
    "realtime_hub_frames": Words(
        "较长的即时消息在各进程间传递时的副本，几分钟内清除",
        "Copies of long live messages on their way between processes; cleared within minutes",
    ),
    "messaging_messages": Words("你发送的消息和时间", "The messages you sent and when"),
    "api_keys": Words(
        "你的程序密钥的指纹、名称和使用时间",
        "Fingerprints and names of your keys for programs, and when they were used",
    ),
    "assistant_talks": Words(
        "你与 AI 助手的对话，何时开始；未登录时的对话 30 天后自动删除",
        "Your conversations with the assistant, and when they began; those of who has not signed in go after 30 days",
    ),
    "assistant_turns": Words("你问 AI 助手的话和它的回答", "What you asked the assistant, and what it answered"),
    "assistant_hand_overs": Words(
        "你要求由真人接手的对话、摘要和回答", "Conversations you asked a person to take over, their summary and answer"
    ),
    "assistant_revisions": Words(
        "知识库文章由谁在何时修改", "Who changed which article of the knowledge base, and when"
    ),
    "booking_feeds": Words("你的日历订阅地址", "The address of your calendar to subscribe to"),
    "instant_switches": Words("你此刻是否可以接受即时咨询", "Whether you are available for instant questions"),
    "instant_calls": Words("你提出的即时问题，内容加密", "Instant questions you asked; the words are encrypted"),
    "instant_rings": Words("哪些即时问题曾呼叫你", "Which instant questions rang you"),
    "booking_days_off": Words("你何时一次取消了几天的咨询", "When you called off days at once"),
    "booking_answers": Words(
        "咨询师婉拒预约请求时写给你的原因", "Why a consultant declined a request of yours, as you read it"
    ),
    "booking_intake": Words(
        "咨询前你对所属领域问题的回答，加密保存", "Your answers to the field’s questions before a session, kept sealed"
    ),
    "calls_presences": Words(
        "你何时进入和离开咨询室，用于出勤和争议",
        "When you came into and left the session room, for attendance and disputes",
    ),
    "credentials_applications": Words(
        "你申请成为咨询师时填写的内容和结果", "What you wrote when applying to be a consultant, and the outcome"
    ),
    "credentials_claims": Words(
        "你提交的资质：种类、加密的编号、签发机构、日期和状态",
        "Credentials you handed in: kind, sealed number, issuer, dates and state",
    ),
    "credentials_scans": Words(
        "你提交的资质扫描件的类型、大小和时间；内容加密保存，资质被拒绝、撤回或过期后删除",
        "Kind, size and time of scans of your credentials; what is in them is kept sealed, and goes when the credential is "
        "refused, taken back or has run out",
    ),
    "credentials_checks": Words("由谁核验了哪项资质，结论如何", "Who checked which credential, and what they found"),
    "disputes_disputes": Words(
        "你参与的争议、金额、期限和结果", "Disputes you are part of, their amounts, clocks and outcome"
    ),
    "disputes_statements": Words("你在争议中的陈述", "What you said in a dispute"),
    "messaging_files": Words(
        "你在对话中发送的文件的名称、类型和大小；内容加密保存",
        "Name, kind and size of files you sent; what is in them is kept sealed",
    ),
    "notifications_preferences": Words("你希望以何种方式、在何时收到通知", "How and when you want to be told things"),
    "payouts_payouts": Words("付给你的结算金额", "What was paid out to you"),
    "payouts_runs": Words("每次结算由谁提出、由谁批准", "Who proposed and who approved each run of payouts"),
    "profiles_saved": Words("你收藏的咨询师", "Consultants you have saved"),
    "webhooks_deliveries": Words(
        "发给其他程序的消息，只含编号，三十天后清除",
        "What was told to other programs: ids only, gone after thirty days",
    ),
}
"""What each table that says it holds personal data holds, for the privacy page. A test keeps it complete."""

BOOKS_YEARS, CLAIMS_YEARS = 30, 3
KEPT_YEARS = {
    "earned and still owed, and needed for the books": BOOKS_YEARS,
    "needed to answer disputes and for the books": BOOKS_YEARS,
    "paid for and still owed, and needed for the books": BOOKS_YEARS,
    "the law asks for the books": BOOKS_YEARS,
    "needed to answer disputes": CLAIMS_YEARS,
    "shows who had which time": CLAIMS_YEARS,
    "the law asks us to prove who agreed to what": CLAIMS_YEARS,
}
"""Why something outlives an erasure → for how many years, counted from the end of this one, the law asks for it at least:
vouchers and ledgers by the Measures for the Administration of Accounting Archives (2015, annex 1), what a claim may be
made of by article 31 of the E-Commerce Law and article 188 of the Civil Code. The other reasons have no end."""


def kept_until(why: str, at: datetime) -> int | None:
    """The year with whose end the law no longer asks for what is kept for this reason; None where it has no end."""
    years = KEPT_YEARS.get(why)
    return at.year + years if years else None
