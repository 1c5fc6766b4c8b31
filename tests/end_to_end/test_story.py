"""The story of the product in a real browser, with nothing simulated but the hardware.

A press at the counter, help on its way, a recording to watch; and the hub restarted under everybody's eyes.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.stage import Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser, pytest.mark.timeout(300)]

Visit = Any
SLOW_MS = 20_000


def shoot(page: Page, shots: Path | None, name: str) -> None:
    if shots is not None:
        page.screenshot(path=shots / f"{name}.png", full_page=True)


def headline(box: Page, words: str) -> None:
    expect(box.locator("#headline")).to_have_text(re.compile(words), timeout=SLOW_MS)


def test_a_press_brings_a_named_person_and_leaves_a_recording_to_watch(
    stage: Stage, visit: Callable[[], Visit], shots: Path | None
) -> None:
    sato, suzuki, worker = visit(), visit(), visit()
    sato.sign_in(stage.url, "sato")
    suzuki.sign_in(stage.url, "suzuki")
    shoot(sato.page, shots, "dashboard-before")
    box = worker.page
    box.goto(stage.boxes[0].url)
    headline(box, "^待機中$")  # somebody is watching and could come
    shoot(box, shots, "box-before")

    box.locator("#main").click()
    headline(box, "通報が届きました|録音・録画を確かめました|受け付けました")
    call = sato.page.locator("article.call", has_text="2階 住民票 3番")
    expect(call).to_contain_text("未確認", timeout=SLOW_MS)
    expect(sato.page).to_have_title(re.compile("未確認"), timeout=SLOW_MS)
    headline(box, "通報が届きました")
    shoot(sato.page, shots, "dashboard-during")
    shoot(box, shots, "box-during")

    call.get_by_role("button", name="確認").click()
    other = suzuki.page.locator("article.call", has_text="2階 住民票 3番")
    expect(other).to_contain_text("確認済み（佐藤）", timeout=SLOW_MS)
    headline(box, "確認されました")
    call.get_by_role("button", name="向かいます").click()
    headline(box, "佐藤さんが向かっています")
    expect(other).to_contain_text("対応中（佐藤）", timeout=SLOW_MS)
    shoot(box, shots, "box-coming")

    restart_under_open_dashboards(stage, sato.page, suzuki.page)

    other.get_by_role("link", name="案件を開く").click()
    page = suzuki.page
    page.get_by_role("button", name="終わりを記録").click()
    headline(box, "^待機中$")
    expect(page.locator("#told-title + ol, .told")).to_contain_text("佐藤", timeout=SLOW_MS)
    watch(page, stage, shots)


def restart_under_open_dashboards(stage: Stage, *pages: Page) -> None:
    stage.stop_hub()
    for page in pages:
        expect(page.get_by_text("接続断").first).to_be_visible(timeout=SLOW_MS)
    stage.start_hub()
    for page in pages:
        expect(page.get_by_text("接続断").first).to_be_hidden(timeout=SLOW_MS)
        expect(page.locator("article.call", has_text="2階 住民票 3番")).to_contain_text("対応中（佐藤）")


def watch(page: Page, stage: Stage, shots: Path | None) -> None:
    """Play the recording, with what came before the press, with sound, and seek in it."""
    reason = page.locator("#reason")
    expect(reason).to_be_visible(timeout=SLOW_MS)
    whole = page.locator("dl.facts", has_text="届いた数")
    expect(whole).to_contain_text(re.compile(r"(\d+) / \1"), timeout=SLOW_MS)
    shoot(page, shots, "incident")
    reason.fill("現場の様子を確かめるため")
    page.get_by_role("button", name="録画を見る").click()
    video = page.locator("video")
    expect(video).to_be_visible(timeout=SLOW_MS)
    play = """async (video) => {
        const met = (name) => new Promise((done, failed) => {
            video.addEventListener(name, done, { once: true });
            video.addEventListener("error", () => failed(video.error && video.error.message), { once: true });
        });
        video.muted = false;
        if (video.readyState < 3) await met("canplay");
        const began = video.duration;
        video.currentTime = began / 2;
        await met("seeked");
        await video.play();
        await met("timeupdate");
        await met("timeupdate");
        const at = video.currentTime;
        video.pause();
        return { duration: began, at, width: video.videoWidth, sound: video.webkitAudioDecodedByteCount };
    }"""
    seen = video.evaluate(play)
    shoot(page, shots, "recording")
    assert seen["duration"] > 8, seen
    assert seen["at"] >= seen["duration"] / 2 - 0.5, seen
    assert seen["width"] == 1280
    assert seen["sound"] > 0
    page.go_back()
    expect(page.get_by_text("現場の様子を確かめるため").first).to_be_visible(timeout=SLOW_MS)  # the look was logged
