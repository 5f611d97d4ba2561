"""podium.settings: the environment, the file, the defaults, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.errors import NotFound, UsageError
from podium.notify import Target, load_settings
from podium.settings import shown_url

SECRET = "only-the-receiver-knows"


def written(home: Path, text: str) -> Path:
    file = home / ".config" / "podium" / "settings.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def refusal(home: Path, text: str) -> str:
    written(home, text)
    with pytest.raises(UsageError) as caught:
        load_settings({}, home)
    return str(caught.value)


def test_without_file_and_environment_nobody_is_notified(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)
    assert settings.notify == ()
    assert settings.state_folder == tmp_path / ".local/state/podium"


def test_the_file_names_targets_with_their_secrets_and_actions(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "notify:\n"
        "  - {url: https://a.example/x, secret_env: HOOK, actions: [promote, rollback]}\n"
        "  - {url: http://b.example, secret: s, allow_http: true, allow_private: true}\n",
    )
    settings = load_settings({"HOOK": SECRET}, tmp_path)
    assert settings.file == file
    assert settings.notify == (
        Target("https://a.example/x", SECRET, actions=("promote", "rollback")),
        Target("http://b.example", "s", allow_http=True, allow_private=True),
    )
    assert not settings.notify[0].wants("evaluate")
    assert settings.notify[1].wants("evaluate")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    written(tmp_path, "notify: [{url: https://file.example}]")
    environ = {
        "PODIUM_NOTIFY_URL": "https://a.example, http://b.example",
        "PODIUM_NOTIFY_SECRET": SECRET,
        "PODIUM_NOTIFY_ALLOW": "http",
        "PODIUM_STATE": str(tmp_path / "state"),
    }
    settings = load_settings(environ, tmp_path)
    assert [t.url for t in settings.notify] == ["https://a.example", "http://b.example"]
    assert {t.secret for t in settings.notify} == {SECRET}
    assert settings.state_folder == tmp_path / "state"


def test_xdg_folders_are_those_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "conf/podium").mkdir(parents=True)
    (tmp_path / "conf/podium/settings.yaml").write_text("notify: [{url: https://x.example}]")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "conf"), "XDG_STATE_HOME": str(tmp_path / "s")}
    settings = load_settings(environ, tmp_path)
    assert settings.notify[0].url == "https://x.example"
    assert settings.state_folder == tmp_path / "s/podium"


def test_a_file_with_nothing_but_comments_is_as_good_as_none(tmp_path: Path) -> None:
    written(tmp_path, "# notify:\n\n#  - url: https://x.example\n")
    assert load_settings({}, tmp_path).notify == ()


def test_a_named_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="PODIUM_SETTINGS"):
        load_settings({"PODIUM_SETTINGS": str(tmp_path / "none.yaml")}, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notfy: []", "Did you mean 'notify'?"),
        ("notify: [{url: https://x.example, secrt: s}]", "Did you mean 'secret'"),
        ("notify: [{url: https://x.example, actions: [promot]}]", "Did you mean 'promote'?"),
        ("notify: [{url: https://x.example, actions: promote}]", "notify.0.actions"),
        ("notify: {url: https://x.example}", "should be a list"),
        ("notify: [https://x.example]", "notify.0 should be a section"),
        ("notify: [{}]", "notify.0.url should be text"),
        ("notify: [{url: ftp://x.example}]", "no address to send to"),
        ("notify: [{url: https://x.example:99999}]", "no address to send to"),
        ('notify: [{url: "https://x.example/a b"}]', "no address to send to"),
        ("notify: [{url: https://x.example, allow_http: yes}]", "allow_http should be true or"),
        ("notify: [{url: http://x.example}]", "Add allow_http: true"),
        ("notify: [{url: https://x.example, secret_env: NO_SUCH}]", "has no NO_SUCH"),
        ("notify: [{url: https://x.example, secret: s, secret_env: S}]", "keep one"),
        ("- url", "no YAML file of keys"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_remedy(
    text: str, said: str, tmp_path: Path
) -> None:
    message = refusal(tmp_path, text)
    assert said in message
    assert "settings.yaml" in message


def test_http_from_the_environment_is_refused_with_its_own_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="PODIUM_NOTIFY_ALLOW=http"):
        load_settings({"PODIUM_NOTIFY_URL": "http://x.example"}, tmp_path)
    with pytest.raises(UsageError, match="Did you mean 'private'"):
        load_settings({"PODIUM_NOTIFY_ALLOW": "privat"}, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        f'notify: [{{url: https://x.example, secret: "{SECRET}}}]',
        f"notify: [{{url: https://x.example, secret: [{SECRET}]}}]",
        f"notify: [{{url: 'https://me:{SECRET}@x.example'}}]",
        f"notify: [{{url: https://x.example, secret: {SECRET}, secret_env: S}}]",
        f"notify: [{{url: 'http://x.example/services/{SECRET}?token={SECRET}'}}]",
    ],
)
def test_no_error_holds_a_secret(text: str, tmp_path: Path) -> None:
    assert SECRET not in refusal(tmp_path, text)


def test_a_secret_that_is_no_text_is_refused(tmp_path: Path) -> None:
    environ = {"PODIUM_NOTIFY_URL": "https://x.example", "PODIUM_NOTIFY_SECRET": "a\udcff"}
    with pytest.raises(UsageError, match="no UTF-8 text"):
        load_settings(environ, tmp_path)


def test_no_repr_holds_a_secret(tmp_path: Path) -> None:
    environ = {"PODIUM_NOTIFY_URL": "https://x.example", "PODIUM_NOTIFY_SECRET": SECRET}
    assert SECRET not in repr(load_settings(environ, tmp_path))


def test_a_shown_url_keeps_its_host_and_hides_what_allows_to_post() -> None:
    assert shown_url("https://x.example:8443/hook") == "https://x.example:8443/hook"
    shown = shown_url("https://hooks.slack.com/services/T0000/B0000/abcdefghijkl?key=1")
    assert shown == "https://hooks.slack.com/services…ijkl?…"
