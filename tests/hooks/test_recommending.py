"""embeddings, recommendations, library-build and top-picks: from plots and histories to playlists."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Mapping
from types import ModuleType

import pytest

from aperture_plugin.ports import RunCancelled

from .conftest import MediaLibrary


def without_scikit_learn(monkeypatch: pytest.MonkeyPatch, parts: Mapping[str, ModuleType]) -> None:
    monkeypatch.setattr(parts["learning"], "find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "sklearn", None)


def test_every_title_is_given_a_vector_and_neighbors(built: MediaLibrary) -> None:
    assert built.value("SELECT count(*) FROM embedding") == 220
    assert built.value("SELECT count(DISTINCT length(vector)) FROM embedding") == 1
    assert built.rows("SELECT DISTINCT count(*) FROM similar GROUP BY key") == [(12,)]
    assert built.value("SELECT count(*) FROM similar WHERE key = other OR score <= 0 OR score > 1.0001") == 0


def test_titles_about_the_like_are_neighbors(built: MediaLibrary) -> None:
    nearest = [
        other for (other,) in built.rows("SELECT other FROM similar WHERE key = 'half-a-tune-ahead-1990' AND rank <= 3")
    ]

    assert set(nearest) == {
        "feedback-for-four-voices-1999",
        "last-bus-from-the-festival-2004",
        "the-amplifier-carriers-2002",
    }


def test_without_scikit_learn_titles_about_the_like_are_neighbors_too(
    library: MediaLibrary, parts: Mapping[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_scikit_learn(monkeypatch, parts)
    library.run("library-scan")

    result = library.run("embeddings")

    assert (result["model"], result["embedded"], result["similar"]) == ("hashing-32", 220, 220)
    nearest = [
        other for (other,) in library.rows("SELECT other FROM similar WHERE key = 'salt-ledger-1996' AND rank <= 2")
    ]
    assert nearest == ["the-harbour-books-2009", "herring-moon-1974"]


def test_once_scikit_learn_is_installed_it_is_used(
    library: MediaLibrary, parts: Mapping[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        without_scikit_learn(before, parts)
        library.run_all(("library-scan", "embeddings"))

    result = library.run("embeddings")

    assert (result["model"], result["embedded"]) == ("lsa-32", 220)


def test_what_was_embedded_is_not_embedded_again(built: MediaLibrary) -> None:
    before = built.rows("SELECT * FROM embedding")

    built.run("embeddings")
    result = built.run("embeddings")

    assert result == {"model": "lsa-32", "terms": result["terms"], "embedded": 0, "kept": 220, "similar": 0}
    assert built.rows("SELECT * FROM embedding") == before


def test_a_new_title_is_embedded_by_what_was_learnt_before_even_without_scikit_learn(
    built: MediaLibrary, parts: Mapping[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    built.write_title(
        "movies/new.nfo",
        "kind: movie\ntitle: Brass and Feedback\nyear: 2022\ngenres: music; comedy\n"
        "plot: A band reunites for one concert and a drummer tells the singer the truth.\n",
    )
    built.run("library-scan")
    without_scikit_learn(monkeypatch, parts)

    result = built.run("embeddings")

    assert (result["embedded"], result["kept"], result["similar"]) == (1, 220, 221)
    assert built.value("SELECT other FROM similar WHERE key = 'brass-and-feedback-2022' AND rank = 1") in (
        "feedback-for-four-voices-1999",
        "half-a-tune-ahead-1990",
    )


def test_a_plot_that_was_filled_in_is_embedded_anew(library: MediaLibrary) -> None:
    library.run_all(("library-scan", "embeddings"))
    library.run("enrichment", at_most=30)

    result = library.run("embeddings", relearn=100)

    assert result["embedded"] == 27  # 17 titles had no plot, 11 no genres, and one neither.


def test_a_library_that_has_changed_much_is_learnt_anew(library: MediaLibrary) -> None:
    library.run_all(("library-scan", "embeddings"))
    library.run("enrichment", at_most=30)

    assert library.run("embeddings", relearn=5)["embedded"] == 220
    assert library.run("embeddings", relearn=5)["embedded"] == 0


def test_small_changes_add_up_to_learning_anew(library: MediaLibrary) -> None:
    library.run_all(("library-scan", "embeddings"))

    embedded = []
    for day in range(3):
        library.write_title(f"movies/{day}.nfo", f"kind: movie\ntitle: Day {day}\nyear: 2022\nplot: Rain again.\n")
        library.run("library-scan")
        embedded.append(library.run("embeddings", relearn=1)["embedded"])

    assert embedded == [1, 1, 223]


def test_another_number_of_dimensions_is_another_model(built: MediaLibrary) -> None:
    result = built.run("embeddings", dimensions=8)

    assert (result["model"], result["embedded"]) == ("lsa-8", 220)
    assert built.value("SELECT max(length(vector)) FROM embedding") == 8 * 4


def test_a_title_that_is_gone_is_nobodys_neighbor(built: MediaLibrary) -> None:
    built.file_of("feedback-for-four-voices-1999").unlink()
    built.run("library-scan")

    result = built.run("embeddings")

    assert result["similar"] == 219
    assert built.value("SELECT count(*) FROM similar WHERE 'feedback-for-four-voices-1999' IN (key, other)") == 0
    assert built.value("SELECT count(*) FROM embedding") == 219


def test_a_handful_of_titles_is_enough(library: MediaLibrary) -> None:
    library.write_title("a.nfo", "kind: movie\ntitle: The Pigeon Loft\nyear: 2020\nplot: Pigeons come home.\n")
    library.write_title("b.nfo", "kind: movie\ntitle: Pigeon Post\nyear: 2021\nplot: Pigeons carry letters.\n")
    library.write_title("c.nfo", "kind: movie\ntitle: 1917, 2001\nyear: 2022\n")  # No word in it.
    library.run("library-scan")

    result = library.run("embeddings")

    assert (result["model"], result["embedded"]) == ("hashing-32", 3)
    assert library.rows("SELECT key, other FROM similar ORDER BY key") == [
        ("pigeon-post-2021", "the-pigeon-loft-2020"),
        ("the-pigeon-loft-2020", "pigeon-post-2021"),
    ]


def test_a_vector_has_length_one_and_is_most_like_itself(parts: Mapping[str, ModuleType]) -> None:
    texts = ["A lighthouse keeper counts storms.", "The lighthouse lamp fails.", "A baker bakes bread."]
    vectors = parts["vectors"]
    terms = parts["learning"].learn(texts, 32).terms

    lamp, keeper, bread = (vectors.embed(text, terms) for text in (texts[1], texts[0], texts[2]))

    assert math.isclose(vectors.alike(lamp, lamp), 1.0)
    assert vectors.alike(lamp, keeper) > vectors.alike(lamp, bread)
    assert vectors.unpack(vectors.pack([0.5, -2.0])) == (0.5, -2.0)


def test_learning_twice_gives_the_same_terms(parts: Mapping[str, ModuleType]) -> None:
    texts = [f"{title.title}. {title.plot}" for title in parts["titles"].shipped_titles()]

    first, second = (parts["learning"].learn(texts, 16) for _ in range(2))

    assert first.kind == "lsa"
    assert first == second


def test_every_user_is_recommended_what_they_have_not_seen(built: MediaLibrary) -> None:
    assert built.value("SELECT count(DISTINCT user) FROM recommendation") == 8
    seen = built.value("SELECT count(*) FROM recommendation r JOIN watch w ON w.user = r.user AND w.key = r.key")
    assert seen == 0
    for (user,) in built.rows("SELECT user FROM user"):
        ranks = [rank for (rank,) in built.rows("SELECT rank FROM recommendation WHERE user = ? ORDER BY rank", user)]
        scores = [
            score for (score,) in built.rows("SELECT score FROM recommendation WHERE user = ? ORDER BY rank", user)
        ]
        assert ranks == list(range(1, len(ranks) + 1))
        assert scores == sorted(scores, reverse=True)


def test_a_recommendation_says_which_title_spoke_for_it(built: MediaLibrary) -> None:
    unwatched = built.rows(
        "SELECT r.user, r.because FROM recommendation r"
        " LEFT JOIN watch w ON w.user = r.user AND w.key = r.because WHERE w.event IS NULL"
    )

    assert unwatched == []


def test_what_was_watched_last_night_changes_what_is_recommended(built: MediaLibrary) -> None:
    built.append("history.csv", "308,guest,half-a-tune-ahead-1990,2025-12-31T20:00:00Z,100")
    built.run("watch-history")

    result = built.run("recommendations")

    assert result["changed"] >= 1
    assert "half-a-tune-ahead-1990" in {
        because for (because,) in built.rows("SELECT because FROM recommendation WHERE user = 'guest'")
    }


def test_a_title_that_was_abandoned_speaks_for_nothing(library: MediaLibrary) -> None:
    library.run_all(("user-sync", "library-scan", "embeddings"))
    header = "event,user,key,watched_at,percent\n"
    (library.root / "server" / "history.csv").write_text(
        header
        + "1,mira,half-a-tune-ahead-1990,2025-12-01T20:00:00Z,5\n2,noor,stroke-seat-1995,2025-12-02T20:00:00Z,100\n",
        encoding="utf-8",
    )
    library.run("watch-history")

    result = library.run("recommendations", count=3)

    assert result["newcomers"] == 7  # Mira is one of them: nothing is known of what she likes.
    assert library.rows("SELECT rank, key, because FROM recommendation WHERE user = 'mira'") == [
        (1, "stroke-seat-1995", None)
    ]


def test_recommending_twice_changes_nothing(built: MediaLibrary) -> None:
    before = built.rows("SELECT * FROM recommendation")

    result = built.run("recommendations")

    assert (result["users"], result["recommended"], result["changed"]) == (8, len(before), 0)
    assert built.rows("SELECT * FROM recommendation") == before


def test_a_user_who_left_is_recommended_nothing(built: MediaLibrary) -> None:
    users = built.root / "server" / "users.csv"
    users.write_text(
        users.read_text(encoding="utf-8").replace("guest,Guest Room", "otto,Otto Farouz"), encoding="utf-8"
    )
    built.run("user-sync")

    result = built.run("recommendations")

    assert (result["users"], result["newcomers"]) == (8, 1)
    assert built.value("SELECT count(*) FROM recommendation WHERE user = 'guest'") == 0
    assert built.value("SELECT count(*) FROM recommendation WHERE user = 'otto'") == 20


@pytest.mark.parametrize(
    ("done", "note"),
    [
        ((), "no users yet: run user-sync first"),
        (("user-sync",), "nothing is known to be similar yet: run embeddings first"),
        (("user-sync", "library-scan", "embeddings"), "nobody has watched anything yet: run watch-history first"),
    ],
)
def test_where_there_is_nothing_to_go_by_recommendations_say_what_is_missing(
    library: MediaLibrary, done: tuple[str, ...], note: str
) -> None:
    library.run_all(done)

    result = library.run("recommendations")

    assert (result["recommended"], result["note"]) == (0, note)
    assert library.last.lines[-1] == f"WARNING {note}"


def test_every_user_has_a_playlist_that_leads_to_files(built: MediaLibrary) -> None:
    playlists = sorted((built.root / "playlists").glob("for-*.m3u8"))

    assert [file.stem for file in playlists] == [
        *("for-grandma", "for-guest", "for-helene", "for-mira", "for-noor", "for-ravi", "for-tobias", "for-yusuf")
    ]
    for playlist in playlists:
        lines = playlist.read_text(encoding="utf-8").splitlines()
        paths = [line for line in lines if not line.startswith("#")]
        assert lines[0] == "#EXTM3U"
        assert paths
        assert all((playlist.parent / path).is_file() for path in paths)


def test_a_playlist_reads_as_players_want_it(built: MediaLibrary) -> None:
    [(title, year, path, minutes)] = built.rows(
        "SELECT t.title, t.year, t.path, t.minutes FROM recommendation r JOIN known_title t ON t.key = r.key"
        " WHERE r.user = 'mira' AND r.rank = 1"
    )

    lines = (built.root / "playlists" / "for-mira.m3u8").read_text(encoding="utf-8").splitlines()

    seconds = -1 if minutes is None else minutes * 60
    assert lines[1:4] == ["#PLAYLIST:For Mira Sandvold", f"#EXTINF:{seconds},{title} ({year})", f"../media/{path}"]


def test_building_twice_writes_no_file(built: MediaLibrary) -> None:
    before = {file: file.stat().st_mtime_ns for file in (built.root / "playlists").iterdir()}

    result = built.run("library-build")

    assert (result["playlists"], result["written"], result["unchanged"], result["removed"]) == (8, 0, 8, 0)
    assert {file: file.stat().st_mtime_ns for file in (built.root / "playlists").iterdir()} == before


def test_the_playlist_of_a_user_who_left_is_removed_and_what_others_put_there_stays(built: MediaLibrary) -> None:
    playlists = built.root / "playlists"
    (playlists / "for-the-party.m3u8").write_text("/home/dj/one.mp3\n", encoding="utf-8")
    shutil.copy(playlists / "for-guest.m3u8", playlists / "for-nobody.m3u8")

    result = built.run("library-build")

    assert result["removed"] == 1
    assert (playlists / "for-the-party.m3u8").is_file()
    assert not (playlists / "for-nobody.m3u8").exists()


def test_a_playlist_is_as_long_as_was_asked(built: MediaLibrary) -> None:
    result = built.run("library-build", count=3)

    assert (result["items"], result["written"]) == (24, 8)


def test_before_anything_is_recommended_no_playlist_is_built(library: MediaLibrary) -> None:
    result = library.run("library-build")

    assert result == {
        **{"playlists": 0, "items": 0, "written": 0, "unchanged": 0, "removed": 0},
        "note": "nothing is recommended yet: run recommendations first",
    }


def test_top_picks_are_what_most_people_watched_in_the_last_month_of_the_history(built: MediaLibrary) -> None:
    result = built.run("top-picks")

    assert (result["picks"], result["since"]) == (10, "2025-11-30T20:42:43Z")
    assert built.rows("SELECT rank, key, viewers FROM top_pick WHERE rank <= 4") == [
        (1, "the-tidewater-rescue-2016", 4),
        (2, "the-varnish-job-1998", 4),
        (3, "butter-and-smoke-2014", 3),
        (4, "the-fox-who-kept-time-2020", 3),
    ]
    lines = (built.root / "playlists" / "top-picks.m3u8").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "#PLAYLIST:Top picks of 30 days"
    assert lines[3] == "../media/series/The Tidewater Rescue (2016).nfo"


def test_a_longer_period_and_a_shorter_list_may_be_asked_for(built: MediaLibrary) -> None:
    result = built.run("top-picks", days=400, count=2)

    assert (result["picks"], result["watched"] > 100) == (2, True)
    assert built.value("SELECT count(*) FROM top_pick") == 2


def test_a_cancelled_top_picks_leaves_the_old_list_whole(built: MediaLibrary) -> None:
    before = built.rows("SELECT * FROM top_pick")

    with pytest.raises(RunCancelled):
        built.run("top-picks", days=400, cancel_after=3)

    assert built.rows("SELECT * FROM top_pick") == before


def test_before_anything_was_watched_there_is_nothing_to_pick(library: MediaLibrary) -> None:
    result = library.run("top-picks")

    assert result["picks"] == 0
    assert result["note"] == "nothing to pick from yet: run library-scan and watch-history"
