"""Which files are unusable, and how the rows of the others come out."""

from pathlib import Path

import pytest

from cli.imports.files import ACCOUNTS, LAYOUTS, PIECE, PRODUCTS, UnusableFile, inspect

GOOD = b"product,series,sales_price\nLantern,L,1.00\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for layout in LAYOUTS:
        (tmp_path / layout.file).write_text(",".join(layout.columns) + "\n")
    return tmp_path


def rows(directory: Path, content: bytes) -> list[tuple[int, tuple[str, ...], bool]]:
    (directory / PRODUCTS.file).write_bytes(content)
    source = inspect(directory)[PRODUCTS]
    return [(line, cells, fault is not None) for line, cells, fault in source.rows()]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"product,series\n", "column 'sales_price' is missing"),
        (b"product,series,price\n", "column 'price' is not known"),
        (b"product,series,sales_price,cost\n", "column 'cost' is not known"),
        (b"product,series,sales_price,\n", "column 4 has no name"),
        (b"product,series,sales_price,product\n", "column 'product' appears twice"),
        (b"product;series;sales_price\n", "column 'product' is missing"),
        (b'"product,series,sales_price\n', "has no readable header"),
        (GOOD + "Чайник,L,1\n".encode("cp1251"), r"is not UTF-8 \(line 3\)"),
        (GOOD.decode().encode("utf-16"), r"is not UTF-8 \(line 1\)"),
        (GOOD + "ч".encode()[:1], r"is not UTF-8 \(line 3\)"),
        (GOOD + b"x" * (PIECE * 2 + 10), "line 3 is longer than"),
    ],
)
def test_an_unusable_file_is_named_with_its_line_or_column(
    directory: Path, content: bytes, why: str
) -> None:
    (directory / PRODUCTS.file).write_bytes(content)
    with pytest.raises(UnusableFile, match=rf"products\.csv: .*{why}"):
        inspect(directory)


def test_a_missing_file_is_named(directory: Path) -> None:
    (directory / ACCOUNTS.file).unlink()
    with pytest.raises(UnusableFile, match=r"accounts\.csv: is not in"):
        inspect(directory)


def test_a_file_that_is_a_directory_cannot_be_read(directory: Path) -> None:
    (directory / ACCOUNTS.file).unlink()
    (directory / ACCOUNTS.file).mkdir()
    with pytest.raises(UnusableFile, match=r"accounts\.csv: cannot be read"):
        inspect(directory)


def test_the_directory_itself_may_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="is not a directory"):
        inspect(tmp_path / "nowhere")


def test_columns_may_come_in_any_order_and_letters(directory: Path) -> None:
    found = rows(directory, b"\xef\xbb\xbf Sales_Price,PRODUCT,series\r\n1.00,Lantern,L\r\n")
    assert found == [(2, ("Lantern", "L", "1.00"), False)]


@pytest.mark.parametrize("before", range(1, 3))
def test_a_character_on_the_border_of_two_pieces_is_whole(directory: Path, before: int) -> None:
    line = b"Lantern,L,1.00\n"
    many = GOOD + line * ((PIECE - len(GOOD)) // len(line) - 1)
    name = b"B" * (PIECE - len(many) - before) + "чч".encode()
    found = rows(directory, many + name + b",L,1.00\n")
    assert found[-1][1][0] == name.decode()


def test_rows_that_are_no_records_are_told_by_line_and_the_others_go_on(directory: Path) -> None:
    huge = b"x" * 140_000
    found = rows(
        directory,
        GOOD
        + b"two,values\n"
        + b"\n"
        + b'bad "quote,"L"x,1\n'
        + huge
        + b",L,1\n"
        + b'"Two\nLines",L,1\n'
        + b"four,values,in,it\n"
        + b'open,"L,1\nlast,L,1\n',
    )
    assert [(line, fault) for line, _, fault in found] == [
        (2, False),
        (3, True),
        (5, True),
        (6, True),
        (7, False),
        (9, True),
        (10, True),
    ]
    assert found[4][1][0] == "Two\nLines"


def test_what_was_swallowed_by_an_open_quote_is_told(directory: Path) -> None:
    (directory / PRODUCTS.file).write_bytes(GOOD + b'open,"L,1\na,L,1\nb,L,1\n')
    *_, last = inspect(directory)[PRODUCTS].rows()
    assert last.fault is not None
    assert last.fault.startswith("lines 3 to 5 are not readable as CSV")
