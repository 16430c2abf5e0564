"""Every case of sync and mirror that breaks bibliography sites has a test named for its promise."""

import ast
from pathlib import Path

import pytest

SYNC = "test_sync_cases.py::"

# The numbers are those of the list of cases that zstatic promises to stand.
CASES: dict[int, tuple[str, ...]] = {
    1: (SYNC + "test_attachment_that_was_never_uploaded_is_one_problem_and_no_link",),
    2: (SYNC + "test_file_without_a_time_is_published",),
    3: (
        SYNC + "test_good_file_of_last_time_stays_until_a_better_one_came",
        SYNC + "test_file_with_another_md5_is_fetched_once_until_its_item_changes",
    ),
    4: (SYNC + "test_one_missing_file_stops_nothing_in_this_run_or_later",),
    5: (SYNC + "test_full_text_that_is_404_leaves_the_sync_whole",),
    6: (SYNC + "test_attachment_whose_metadata_alone_changed_keeps_its_full_text",),
    7: (SYNC + "test_item_deleted_in_two_syncs_and_item_created_again",),
    8: (SYNC + "test_item_deleted_in_two_syncs_and_item_created_again",),
    9: (SYNC + "test_item_that_is_changed_and_deleted_in_one_answer_stays",),
    10: (SYNC + "test_item_in_a_collection_that_does_not_exist_is_published_without_it",),
    11: (SYNC + "test_tag_that_is_there_twice_is_shown_once",),
    12: (SYNC + "test_deleted_collection_takes_those_below_along_and_leaves_the_items",),
    13: (SYNC + "test_deleted_collection_takes_those_below_along_and_leaves_the_items",),
    14: (
        SYNC + "test_trashed_collection_is_hidden_and_its_items_stay",
        "test_library.py::test_a_trashed_collection_is_hidden_but_its_members_stay",
    ),
    15: (
        SYNC + "test_collection_of_an_unknown_parent_and_a_cycle_of_parents_are_told_and_shown",
        "test_library.py::test_a_collection_with_an_unknown_parent_is_top_level",
    ),
    16: (
        SYNC + "test_collection_of_an_unknown_parent_and_a_cycle_of_parents_are_told_and_shown",
        "test_library.py::test_a_cycle_of_collections_is_broken_at_its_first_key",
    ),
    17: (SYNC + "test_trashed_item_goes_with_the_next_build_and_comes_back_when_restored",),
    18: (SYNC + "test_children_of_a_trashed_item_go_with_it",),
    19: (SYNC + "test_child_that_moves_to_another_parent_changes_both_pages",),
    20: (
        SYNC + "test_note_and_file_that_lose_their_parent_get_pages_of_their_own",
        SYNC + "test_annotations_and_images_of_notes_are_parts_of_nothing_on_the_site",
        "test_library.py::test_a_standalone_attachment_is_an_item_holding_itself",
    ),
    21: (
        SYNC + "test_empty_library_makes_a_site_and_an_item_more_a_fuller_one",
        "test_guard.py::test_a_library_that_becomes_empty_is_held_however_small_it_was",
    ),
    22: (SYNC + "test_path_of_a_linked_file_is_in_no_file_and_a_link_without_address_is_none",),
    23: (SYNC + "test_snapshot_of_a_web_page_is_never_served",),
    24: (SYNC + "test_archive_of_no_or_several_files_is_a_problem_and_no_link",),
    25: (SYNC + "test_good_file_of_last_time_stays_until_a_better_one_came",),
    26: (SYNC + "test_file_replaced_under_the_same_key_is_replaced_on_the_site",),
    27: (
        SYNC + "test_files_of_any_name_and_type_are_published_under_a_plain_one",
        "test_urls.py::test_a_published_name_is_safe_on_every_system",
    ),
    28: (SYNC + "test_files_of_any_name_and_type_are_published_under_a_plain_one",),
    29: (
        SYNC + "test_type_and_field_that_no_schema_knows_are_shown_by_their_names",
        "test_pages.py::test_a_type_and_field_that_the_schema_does_not_know_show_their_raw_names",
    ),
    30: (
        SYNC + "test_site_is_of_one_moment_though_the_library_moves_again_and_again",
        "test_sync.py::test_library_that_moves_during_the_sync_ends_consistent",
    ),
    31: (
        "test_kills.py::test_a_killed_build_leaves_the_old_site_or_the_new_one",
        "test_sync.py::test_sync_that_is_cut_short_fetches_nothing_twice",
    ),
    32: (
        SYNC + "test_answer_that_is_not_what_was_asked_for_is_asked_for_again",
        "test_api.py::test_broken_answers_are_asked_for_again",
        "test_bad_input.py::test_network_down_is_3_and_offline_still_builds",
    ),
    33: (
        "test_api.py::test_waiting_time_is_read_in_every_form",
        "test_api.py::test_refusal_is_waited_out",
    ),
    34: (
        "test_api.py::test_backoff_makes_the_next_request_wait",
        "test_api.py::test_backoff_stops_every_worker",
    ),
    35: (
        SYNC + "test_wrong_key_or_withdrawn_access_keeps_the_site_and_the_mirror",
        "test_sync.py::test_refusal_in_the_middle_stops_at_once_and_deletes_nothing",
    ),
    36: (
        "test_privacy.py::test_the_key_is_in_no_file",
        "test_privacy.py::test_the_key_is_in_no_output_even_when_the_run_fails",
        "test_privacy.py::test_the_key_never_reaches_the_storage_host",
    ),
    37: (
        SYNC + "test_mirror_that_is_damaged_is_told_set_aside_and_made_anew",
        "test_privacy.py::test_a_pickle_planted_in_the_mirror_runs_nothing",
    ),
    38: (SYNC + "test_second_run_is_told_who_is_at_work",),
    39: (
        SYNC + "test_another_library_in_the_settings_has_a_mirror_of_its_own",
        "test_guard.py::test_another_library_in_the_place_of_the_old_one_is_held",
    ),
    40: (
        SYNC + "test_full_disk_is_told_and_leaves_the_site",
        "test_build.py::test_a_folder_that_cannot_be_written_is_named",
    ),
    41: (SYNC + "test_new_style_and_format_fetch_only_what_is_missing",),
    42: (SYNC + "test_changed_setting_template_or_version_takes_effect_without_a_request",),
}


def test_every_case_has_its_tests() -> None:
    assert list(CASES) == list(range(1, 43))
    assert all(CASES.values())


@pytest.mark.parametrize("number", CASES)
def test_the_tests_of_a_case_exist(number: int) -> None:
    for test in CASES[number]:
        file, _, name = test.partition("::")
        tree = ast.parse(Path(__file__).with_name(file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test
