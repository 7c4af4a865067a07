"""What stands around a finding shows that it is none; a twin that is one is found all the same."""

from __future__ import annotations

import pytest

from deployspec.chapters.logs.judge.secrets import SecretScanner

SCANNER = SecretScanner()
AGENT = '10.0.0.9 - - [01/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 512 "-" "{}"'
TWINS = [
    ("AWS's ids of keys", "role assumed by AKIAQQQQWWWWEEEERRRR", 'aws_secret_access_key="' + "wJalrXUt/FEMIaK7" * 2 + 'MDENGbPx"'),
    ("an id beside its name", "access_key_id=AKIAQQQQWWWWEEEERRRR", "access_key=" + "a7K9" * 6),
    ("PAM", "pam_unix(chpasswd:chauthtok): password changed", "chpasswd: hunter2tiger"),
    ("PAM, of a login screen", "gdm: pam_unix(gdm-password:session): opened", "gdm-password: session1tiger"),
    ("delivery status", "relay=mx, dsn=4.0.0, stat=Deferred", "dsn=https://a7b8c9d0e1f2a3b4@errors.example/4"),
    ("a type and its fields", "got Token: Token { kind: ContainerToken }", "got token: Tok3n-of-the-shop"),
    ("a type's constructor", "credentials: [UsernamePasswordCredential(username=joe)]", "credentials: joe7/tiger"),
    ("an object's address", "bad token: android.os.BinderProxy@2bd79ce", "bad token: 2bd79ce41aa0"),
    ("a format", "login with token=%s", "login with token=s7x1"),
    ("a variable of the shell", "export password=$DB_PASSWORD", "export password=DB7PASSWORD"),
    ("a variable in braces", "password=${DB_PASSWORD}", "password=hunter7{DB"),
    ("a template", "secret={{ .Values.secret }}", "secret=x7K9{{ .Values }}"),
    ("a setting's name", "secret_key = var.aws_secret_key", "secret_key = var7aws"),
    ("where a list goes on", '{"next_page_token":"CAUQAA7x"}', '{"page_owner_token":"CAUQAA7x"}'),
    ("where a list goes on, in camel case", '{"nextPageToken":"CAUQAA7x"}', '{"nextOwnerToken":"CAUQAA7x"}'),
    ("where a scan goes on", "continuation-token: b2Zmc2V0PTE3", "session-token: b2Zmc2V0PTE3"),
    ("a cluster's name", '"initial-cluster-token":"etcd-cluster"', '"join-cluster-token":"etcd-cluster7"'),
    ("hidden in other words", '{"password":"__REDACTED__"}', '{"password":"__RED7__"}'),
    ("a role's name at AWS", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db", "secret:shop/db7"),
    ("a key's file", 'private_key = "~/.ssh/id_rsa"', 'private_key = "MIIEpAIBAAKCAQEA7"'),
    ("Akka", "listening on akka.tcp://sparkDriver@10.0.0.5:5000", "listening on https://sparkDriver7@10.0.0.5:5000"),
    ("Spark", "Connecting to spark://CoarseGrainedScheduler@10.0.0.5:48069", "spark://joe:hunter2@10.0.0.5:48069"),
    ("ciphers of SSH", "kex: aes128-gcm@openssh.com umac-64-etm@openssh.com", "mail from damien@openssh.com"),
    ("who built a kernel", "Linux version 6.1.0 (builder@host7.build.example.com) (gcc 12)", "version 6.1.0 by builder@build.example.com"),
    ("a copy to a host", "scp a.gz deploy@web1.shop.example.com:/srv", "mail a.gz to deploy@web1.shop.example.com"),
    ("an account at a host", "ssh -p 22 deploy@web1.shop.example.com uptime", "asked deploy@web1.shop.example.com"),
    ("a message's id", "message-id=<20261101.A7@mail.shop.example.com>", "from=<anna.smith@mail.shop.example.com>"),
    ("an extension", "Registration from sip:301@pbx.example.com failed", "Registration from sip:anna@pbx.example.com failed"),
    ("a crawler", AGENT.format("Mozilla/5.0 (compatible; Shopbot/1.0; help@bots.example.org)"), AGENT.format("-") + " anna.smith@mail.example.org"),
    ("a crawler by another form", AGENT.format("Feeder +help@bots.example.org"), AGENT.replace("GET /", "GET /?m=anna.smith@mail.example.org").format("-")),
    ("a crawler in JSON", '{"user_agent":"Feeder (help@bots.example.org)"}', '{"user_agent":"Feeder","user":"anna.smith@mail.example.org"}'),
    ("a crawler in a text", "seen Mozilla/5.0 (compatible; Shopbot/1.0; help@bots.example.org)", "seen (anna.smith@mail.example.org)"),
]  # fmt: skip


@pytest.mark.parametrize(("harmless", "twin"), [pair[1:] for pair in TWINS], ids=[pair[0] for pair in TWINS])
def test_twins(harmless: str, twin: str) -> None:
    """The one is passed over, the other is found."""
    assert SCANNER.scan(f"{harmless}\n".encode()) == []
    assert SCANNER.scan(f"{twin}\n".encode()) != []


def test_a_harmless_one_hides_nothing_else() -> None:
    """What follows it in the same line, or stands before it, is found."""
    harmless = " ".join(pair[1].replace("\n", " ") for pair in TWINS[:12])
    for line in (f"{harmless} password=hunter2tiger", f"password=hunter2tiger {harmless}"):
        assert [match.kind for match in SCANNER.scan(line.encode())] == ["a credential"]
