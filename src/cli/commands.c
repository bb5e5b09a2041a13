/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/commands.h"

const struct cli_cmd *const cli_commands[] = {
	&cmd_verify,
	&cmd_inspect,
	&cmd_diff,
	&cmd_rebuild_compare,
	&cmd_sign,
	&cmd_key_generate,
	&cmd_key_show,
	&cmd_sbom_check,
	&cmd_sbom_show,
	&cmd_intoto_verify,
	&cmd_intoto_run,
	&cmd_intoto_record_start,
	&cmd_intoto_record_stop,
	&cmd_intoto_sign,
	&cmd_intoto_key,
	&cmd_trust_show,
	&cmd_trust_update,

	/* channels and releases */
	&cmd_release_init,
	&cmd_release_publish,
	&cmd_release_status,
	&cmd_release_freeze,
	&cmd_release_allow,
	&cmd_release_unfreeze,
	&cmd_release_rollback,
	&cmd_release_recheck,
	&cmd_release_policy,
	&cmd_release_log,
	&cmd_release_state,
	&cmd_release_check,

	/* signals and cases */
	&cmd_signal_report,
	&cmd_signal_list,
	&cmd_case_list,
	&cmd_case_show,
	&cmd_case_decide,
	&cmd_case_meet,
	&cmd_case_note,
	&cmd_case_writeback_add,
	&cmd_case_writeback_done,
	&cmd_case_close,
	&cmd_advise,

	/* drills */
	&cmd_drill_run,
	&cmd_drill_list,
	&cmd_drill_show,
	&cmd_drill_report,
	&cmd_drill_resolve,
	&cmd_drill_close,

	/* the record */
	&cmd_ledger_init,
	&cmd_ledger_verify,
	&cmd_ledger_show,
	&cmd_ledger_checkpoint,
	&cmd_ledger_prove,
	&cmd_ledger_check,
	&cmd_ledger_consistency,

	/* intelligence */
	&cmd_intel_import,
	&cmd_intel_list,
	&cmd_intel_show,
	&cmd_hunt,
	&cmd_seen,
	&cmd_seen_forget,
	&cmd_known_good_import,
	&cmd_known_good_list,
	&cmd_known_good_show,
	&cmd_known_good_remove,
	NULL,
};
