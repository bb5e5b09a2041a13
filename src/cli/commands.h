/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* commands: every command, one file each (cmd_NAME.c; a group such as release shares a file). */

#include "cli/cli.h"

/* Ended by NULL, in the order in which --help lists them (commands.c). */
extern const struct cli_cmd *const cli_commands[];

extern const struct cli_cmd cmd_verify, cmd_inspect;
extern const struct cli_cmd cmd_sign, cmd_key_generate, cmd_key_show;
extern const struct cli_cmd cmd_sbom_check, cmd_sbom_show;
extern const struct cli_cmd cmd_signal_report, cmd_signal_list;
extern const struct cli_cmd cmd_case_list, cmd_case_show;
extern const struct cli_cmd cmd_case_decide, cmd_case_meet, cmd_case_note, cmd_case_close;
extern const struct cli_cmd cmd_advise;
extern const struct cli_cmd cmd_case_writeback_add, cmd_case_writeback_done;
extern const struct cli_cmd cmd_drill_run, cmd_drill_list, cmd_drill_show, cmd_drill_report;
extern const struct cli_cmd cmd_drill_resolve, cmd_drill_close;
extern const struct cli_cmd cmd_ledger_init, cmd_ledger_verify, cmd_ledger_show;
extern const struct cli_cmd cmd_ledger_checkpoint, cmd_ledger_prove, cmd_ledger_check;
extern const struct cli_cmd cmd_ledger_consistency;

extern const struct cli_cmd cmd_release_init, cmd_release_policy, cmd_release_publish;
extern const struct cli_cmd cmd_release_recheck, cmd_release_rollback;
extern const struct cli_cmd cmd_release_freeze, cmd_release_allow, cmd_release_unfreeze;
extern const struct cli_cmd cmd_release_status, cmd_release_log;
extern const struct cli_cmd cmd_release_state, cmd_release_check;
extern const struct cli_cmd cmd_intel_import, cmd_intel_list, cmd_intel_show;
extern const struct cli_cmd cmd_intel_block, cmd_intel_remove, cmd_intel_expire;
extern const struct cli_cmd cmd_intel_own_add, cmd_intel_own_list, cmd_intel_own_remove;
extern const struct cli_cmd cmd_intel_status, cmd_intel_check, cmd_intel_audit;
extern const struct cli_cmd cmd_intel_export, cmd_intel_fetch;
extern const struct cli_cmd cmd_intel_feed_add, cmd_intel_feed_list, cmd_intel_feed_remove;
extern const struct cli_cmd cmd_intel_feed_collections;
extern const struct cli_cmd cmd_diff, cmd_rebuild_compare;
extern const struct cli_cmd cmd_hunt, cmd_watch;
extern const struct cli_cmd cmd_seen, cmd_seen_forget, cmd_intel_retro;
extern const struct cli_cmd cmd_intoto_verify, cmd_intoto_run, cmd_intoto_sign, cmd_intoto_key;
extern const struct cli_cmd cmd_intoto_record_start, cmd_intoto_record_stop;
extern const struct cli_cmd cmd_trust_update, cmd_trust_show;
extern const struct cli_cmd cmd_known_good_import, cmd_known_good_list;
extern const struct cli_cmd cmd_known_good_show, cmd_known_good_remove;
