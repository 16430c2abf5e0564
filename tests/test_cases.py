"""Every case that breaks bibliography sites has a test named for its promise."""

import ast
from pathlib import Path

import pytest

SYNC = "test_sync_cases.py::"
ITEMS = "test_item_cases.py::"

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
    17: (
        SYNC + "test_trashed_item_goes_with_the_next_build_and_comes_back_when_restored",
        "test_unreadable.py::test_trashed_item_leaves_the_site_though_zotero_cannot_deliver_it",
    ),
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
        "test_odd_answers.py::test_any_answer_ends_in_an_error_that_is_understood_and_leaves_nothing_behind",
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
        "test_mirror.py::test_mirror_that_says_odd_things_of_itself_is_set_aside",
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
    43: (
        "test_library.py::test_the_title_comes_from_the_types_own_field",
        "test_pages.py::test_an_item_without_title_has_a_name_everywhere",
        "test_search.py::test_every_item_is_indexed_whatever_its_title_is",
    ),
    44: (
        "test_pages.py::test_markup_of_a_title_is_kept_and_everything_else_is_shown_literally",
        "test_richtext.py::test_any_other_markup_is_shown_literally",
        "test_richtext.py::test_crossing_tags_never_break_the_page",
    ),
    45: (
        ITEMS + "test_a_note_with_markup_that_runs_shows_its_words_only",
        "test_richtext.py::test_nothing_of_an_attack_in_a_note_or_citation_survives",
    ),
    46: (
        "test_pages.py::test_link_attachments_are_shown_only_if_safe_and_wanted",
        "test_local_paths.py::test_an_address_on_a_computer_or_with_a_password_is_not_shown",
        "test_urls.py::test_anything_else_is_no_link",
    ),
    47: ("test_pages.py::test_without_a_reference_from_zotero_there_is_a_plain_one",),
    48: (
        "test_feeds.py::test_control_characters_leave_the_feeds_valid",
        "test_embedded.py::test_control_characters_markup_and_odd_roles_leave_a_record_valid",
        "test_richtext.py::test_clean_text_can_stand_in_xml",
    ),
    49: (
        ITEMS + "test_whoever_made_an_item_or_nobody_is_named_in_lists_and_has_a_page",
        "test_pages.py::test_500_authors_are_all_there_but_folded",
    ),
    50: (
        "test_pages.py::test_tags_equal_but_for_case_and_spaces_share_a_page_under_the_commonest_spelling",
        "test_pages.py::test_any_tag_has_a_page_that_its_items_link_to",
        "test_urls.py::test_names_that_look_alike_in_a_slug_have_slugs_of_their_own",
    ),
    51: (
        "test_selection.py::test_excluding_an_item_wins_over_including_it",
        "test_privacy.py::test_what_the_rules_exclude_is_in_no_file_of_the_site",
        "test_exports.py::test_excluded_tags_are_in_no_file",
    ),
    52: (ITEMS + "test_an_excluded_items_children_leak_nowhere",),
    53: (
        "test_pages.py::test_an_item_text_tells_its_language_and_direction",
        "test_right_to_left.py::test_an_item_keeps_its_own_language_and_direction_on_an_arabic_page",
        "test_search.py::test_characters_of_chinese_and_japanese_are_words",
    ),
    54: (
        "test_dates.py::test_zoteros_parsed_date_is_read_as_far_as_it_is_possible",
        "test_dates.py::test_without_a_parsed_date_the_year_is_found_in_the_text",
        "test_dates.py::test_what_names_no_year_is_undated",
        "test_dates.py::test_zoteros_year_zero_is_undated",
        "test_dates.py::test_years_before_our_era_are_astronomical",
    ),
    55: (
        ITEMS + "test_undated_items_stand_last_and_have_a_page_of_their_own",
        "test_search.py::test_orders_put_what_lacks_the_value_last",
    ),
    56: (
        "test_library.py::test_an_odd_date_of_addition_is_no_date",
        "test_feeds.py::test_an_unreadable_date_is_replaced",
    ),
    57: (
        "test_library.py::test_a_relation_may_be_a_list_with_repeats",
        "test_library.py::test_a_relation_written_on_one_side_holds_on_both",
        "test_library.py::test_only_live_items_of_this_library_are_related",
        "test_library.py::test_a_notes_relation_relates_nothing",
        "test_library.py::test_a_merged_items_old_key_leads_to_what_replaced_it",
        "test_selection.py::test_relations_to_what_is_dropped_are_dropped",
    ),
    58: (
        ITEMS + "test_two_items_with_one_doi_are_two_pages_that_both_name_it",
        "test_pages.py::test_two_isbns_in_one_field_are_two_links",
        "test_urls.py::test_a_doi_is_found_however_it_is_written",
    ),
    59: (ITEMS + "test_pages_of_any_form_are_shown_and_a_range_only_is_told_to_programs",),
    60: ("test_pages.py::test_only_a_real_language_tag_becomes_one",),
    61: (
        "test_pages.py::test_an_item_shows_the_paths_of_all_its_collections",
        "test_pages.py::test_items_in_no_collection_are_said_to_be_among_all_items",
        "test_plan.py::test_every_item_is_reached_by_plain_links_from_the_front_page",
    ),
    62: (ITEMS + "test_collections_of_any_name_have_pages_that_are_told_apart",),
    63: (
        ITEMS + "test_25000_tags_and_a_collection_of_5000_items_twelve_deep_are_cut_into_pages",
        "test_pages.py::test_a_thousand_nested_collections_do_not_stop_a_site",
    ),
    64: ("test_machines.py::test_a_long_sitemap_is_cut_and_indexed",),
    65: (
        "test_plan.py::test_every_link_leads_to_an_output_wherever_the_site_is_served",
        "test_real_libraries.py::test_every_link_and_anchor_leads_somewhere_and_no_id_is_twice",
    ),
    66: (
        "test_paths.py::test_no_two_files_are_one_on_any_file_system",
        "test_urls.py::test_two_files_alike_but_for_case_have_names_of_their_own",
    ),
}


def test_every_case_has_its_tests() -> None:
    assert list(CASES) == list(range(1, 67))
    assert all(CASES.values())


@pytest.mark.parametrize("number", CASES)
def test_the_tests_of_a_case_exist(number: int) -> None:
    for test in CASES[number]:
        file, _, name = test.partition("::")
        tree = ast.parse(Path(__file__).with_name(file).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test
