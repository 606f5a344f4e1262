"""Words of Japanese text, split by many threads at once."""

from __future__ import annotations

import threading

from marketplace.kernel.japanese import split_words

TEXT = "東京都の人口と世帯数を市区町村ごとに集計した統計データです。" * 20


def test_threads_split_at_the_same_time_and_get_the_same_words():
    expected = [word.surface() for word in split_words(TEXT)]
    assert expected[:4] == ["東京", "都", "の", "人口"]
    found: list[list[str]] = []
    errors: list[BaseException] = []
    start = threading.Barrier(8)

    def split() -> None:
        start.wait()
        try:
            found.extend([word.surface() for word in split_words(TEXT)] for _ in range(30))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=split) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert found == [expected] * 240
