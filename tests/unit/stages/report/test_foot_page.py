"""The page of one participant."""

from measured_rows import CUT, row_of, table_of

from pipeline.stages.report.foot_page import PICTURES, participant_page


def test_a_participant_page_lists_every_muscle_and_its_cautions() -> None:
    """Below them are the sums of volumes.tsv."""
    row = row_of("01", "healthy", 1.0)

    page = participant_page(row, table_of(), (CUT,), {}, {"scan": "ab12"})

    assert "FDB flexor digitorum brevis</td><td>7.13</td><td>3.00</td><td>10.13</td>" in page
    assert page.count("cut by the image") == 1
    assert page.count("not in the sums") == 1
    assert "<td>114</td><td>48</td><td>162</td>" in page
    assert "FDB touches the edge of the image." in page
    assert "<dt>scan</dt><dd>ab12</dd>" in page
    assert '<a href="report.html">' in page


def test_every_picture_has_title_text_and_caption() -> None:
    """The outlines come first, the others after the volumes; missing ones are left out."""
    pictures = {name: b"picture" for name in PICTURES if name != "probability-map"}

    page = participant_page(row_of("01", "healthy", 1.0), table_of(), (), pictures, {})

    titles = [PICTURES[name].title for name in pictures]
    places = [page.index(f"<h2>{title}</h2>") for title in titles]
    assert places == sorted(places)
    assert places[0] < page.index("<h2>Volumes</h2>") < places[1]
    assert page.count("<img") == page.count(' alt="') == page.count("<figcaption>") == 4
    assert PICTURES["probability-map"].title not in page


def test_readings_of_the_quality_gates_are_listed() -> None:
    """Each has value and verdict; a message is text."""
    readings: list[dict[str, object]] = [
        {"gate": "pixel_mm", "value": 0.7, "verdict": "pass", "message": ""},
        {"gate": "agreement", "value": None, "verdict": "n/a", "message": "<b>"},
    ]

    page = participant_page(row_of("01", "healthy", 1.0), table_of(), (), {}, {}, readings)

    assert 'pixel mm</td><td>0.7</td><td class="text">pass' in page
    assert "agreement</td><td>n/a</td>" in page
    assert "&lt;b&gt;" in page


def test_the_page_of_a_refused_participant_gives_the_reason_alone() -> None:
    """It has no table and no picture."""
    page = participant_page(row_of("06", "patient", None), None, (), {}, {})

    assert "<strong>refused</strong>: The heel &lt;must&gt; be seen" in page
    assert "<table>" not in page
    assert "<img" not in page
