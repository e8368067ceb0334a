"""The rules of the tree of departments."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.directory import Department
from gateway.directory.departments import department as rules
from gateway.directory.departments.department import (
    DEEPEST,
    DepartmentBelowItself,
    DepartmentDraft,
    RootStaysRoot,
    TreeTooDeep,
    UnknownParent,
    UnknownTimeZone,
)

ROOT = UUID(int=1)


def draft(parent: UUID | None = None, *, time_zone: str = "Asia/Vladivostok") -> DepartmentDraft:
    return DepartmentDraft(name="Продажи", parent=parent, time_zone=time_zone)


def planted() -> dict[UUID, Department]:
    root = rules.root(ROOT, name="Компания", city="Москва", time_zone="Europe/Moscow")
    return {root.id: root}


def grow(tree: dict[UUID, Department], id: UUID, parent: UUID | None = None) -> Department:
    tree[id] = rules.created(id, draft(parent), tree)
    return tree[id]


def chain(tree: dict[UUID, Department], *numbers: int) -> None:
    """Departments of these numbers, each below the one before, the first below the root."""
    parent = ROOT
    for number in numbers:
        parent = grow(tree, UUID(int=number), parent).id


def test_a_department_without_a_parent_lies_below_the_root() -> None:
    tree = planted()
    department = grow(tree, UUID(int=2))
    assert department.parent == ROOT
    assert department.path == (ROOT, UUID(int=2))


def test_a_department_belongs_to_itself_so_that_reaches_include_it() -> None:
    tree = planted()
    assert grow(tree, UUID(int=2)).department == UUID(int=2)
    assert tree[ROOT].department == ROOT


def test_a_path_lists_every_department_from_the_root() -> None:
    tree = planted()
    chain(tree, 2, 3, 4)
    assert [step.int for step in tree[UUID(int=4)].path] == [1, 2, 3, 4]


@pytest.mark.parametrize("time_zone", ["Moscow", "", "../etc/passwd", "Europe/Atlantis", "UTC+3"])
def test_a_time_zone_is_one_that_exists(time_zone: str) -> None:
    with pytest.raises(UnknownTimeZone) as refused:
        rules.created(UUID(int=2), draft(time_zone=time_zone), planted())
    assert refused.value.field == "time_zone"


def test_a_parent_is_a_department_of_the_same_tenant() -> None:
    with pytest.raises(UnknownParent):
        rules.created(UUID(int=2), draft(UUID(int=99)), planted())


def test_the_root_stays_the_root() -> None:
    tree = planted()
    chain(tree, 2)
    with pytest.raises(RootStaysRoot):
        rules.changed(tree[ROOT], draft(UUID(int=2)), tree)


@pytest.mark.parametrize("below", [2, 3, 4])
def test_a_department_moves_neither_below_itself_nor_below_its_own(below: int) -> None:
    tree = planted()
    chain(tree, 2, 3, 4)
    with pytest.raises(DepartmentBelowItself):
        rules.changed(tree[UUID(int=2)], draft(UUID(int=below)), tree)


def test_moving_a_department_moves_everything_below_it() -> None:
    tree = planted()
    chain(tree, 2, 3, 4)
    chain(tree, 5)
    tree[UUID(int=2)] = rules.changed(tree[UUID(int=2)], draft(UUID(int=5)), tree)
    moved = {department.id.int: department for department in rules.repathed(tree)}
    assert set(moved) == {3, 4}
    assert [step.int for step in moved[4].path] == [1, 5, 2, 3, 4]


def test_nothing_else_is_touched_by_a_change_that_moves_nothing() -> None:
    tree = planted()
    chain(tree, 2, 3)
    tree[UUID(int=2)] = rules.changed(tree[UUID(int=2)], draft(ROOT), tree)
    assert rules.repathed(tree) == []


def test_a_tree_has_a_depth_that_fits_into_every_request() -> None:
    tree = planted()
    chain(tree, *range(2, DEEPEST + 1))
    with pytest.raises(TreeTooDeep):
        grow(tree, UUID(int=99), UUID(int=DEEPEST))


def test_moving_a_branch_may_not_make_it_too_deep_either() -> None:
    tree = planted()
    chain(tree, *range(2, DEEPEST))
    chain(tree, 50, 51)
    tree[UUID(int=50)] = rules.changed(tree[UUID(int=50)], draft(UUID(int=DEEPEST - 1)), tree)
    with pytest.raises(TreeTooDeep):
        rules.repathed(tree)


@given(st.data())
def test_however_departments_move_every_path_leads_to_the_root(data: st.DataObject) -> None:
    tree = planted()
    for number in range(2, 9):
        grow(tree, UUID(int=number), data.draw(st.sampled_from(sorted(tree))))
    for _ in range(5):
        id = data.draw(st.sampled_from(sorted(tree.keys() - {ROOT})))
        parent = data.draw(st.sampled_from(sorted(tree)))
        try:
            tree[id] = rules.changed(tree[id], draft(parent), tree)
        except DepartmentBelowItself:
            continue
        for department in rules.repathed(tree):
            tree[department.id] = replace(department, version=department.version + 1)
    for department in tree.values():
        assert department.path[0] == ROOT
        assert department.path[-1] == department.id
        if department.parent is not None:
            assert department.path[:-1] == tree[department.parent].path
