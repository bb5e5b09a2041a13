/* SPDX-License-Identifier: Apache-2.0 */

/* ac_unsigned: the unsigned attributes: time stamps, nested signatures, and whatever else. */

#include "crypto/ac_priv.h"

#include "crypto/oid.h"
#include "crypto/stamp.h"

#include <errno.h>

static int note_nested(struct ac_reading *r, struct span values)
{
	struct cur c = cur_of(values);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return ac_bad_der(r, "nested signature", &c);
		if (r->out.nnested == AC_NESTED_MAX)
			return fault_set(
			    r->f, AC_STRUCTURE, "more than %d nested signatures", AC_NESTED_MAX);
		r->out.nested[r->out.nnested++] = v.all;
	}
	return AC_OK;
}

static int note_stamps(struct ac_reading *r, struct span values, enum ac_stamp_kind kind)
{
	struct cur c = cur_of(values);

	while (cur_left(&c)) {
		struct der v = der_take(&c, DER_SEQ);
		if (c.err)
			return ac_bad_der(r, "time stamp", &c);
		if (r->out.nstamps == AC_STAMPS_MAX)
			return fault_set(
			    r->f, AC_STRUCTURE, "more than %d time stamps", AC_STAMPS_MAX);
		int rc = stamp_read(&r->stamp[r->out.nstamps++], kind, v.all, r);
		if (rc < 0)
			return rc;
	}
	return AC_OK;
}

static int note(struct ac_reading *r, struct ac_attr *attr, struct span oid, struct span values)
{
	char text[DER_OID_TEXT_MAX];

	*attr = (struct ac_attr){ arena_str(r->arena, span_str(der_oid_text(oid, text))),
		values.n };
	if (!attr->oid)
		return -ENOMEM;
	r->out.nattr++;
	if (span_eq(oid, OID_SPC_NESTED))
		return note_nested(r, values);
	if (span_eq(oid, OID_COUNTER_SIGNATURE))
		return note_stamps(r, values, AC_STAMP_LEGACY);
	if (span_eq(oid, OID_MS_STAMP))
		return note_stamps(r, values, AC_STAMP_RFC3161);
	ac_loose_add(r, AC_LOOSE_ATTRIBUTE, false, values, attr->oid);
	return AC_OK;
}

/* How much a stamp is worth. */
static int worth(const struct ac_stamp *s)
{
	if (s->result != AC_OK)
		return 0;
	return s->chain.state == AC_CHAIN_ANCHORED ? 3 : s->chain.state == AC_CHAIN_SHA1 ? 2 : 1;
}

static void choose_stamp(struct ac_reading *r)
{
	const struct ac_stamp *best = &r->stamp[0];

	for (size_t i = 1; i < r->out.nstamps; i++)
		if (worth(&r->stamp[i]) > worth(best))
			best = &r->stamp[i];
	r->out.stamp = *best;
	r->out.stamps = r->stamp;
}

int ac_read_unsigned(struct ac_reading *r)
{
	struct cur c = cur_of(r->signer.unsigned_attrs);
	struct ac_attr *attr = arena_array(r->arena, AC_ATTRS_MAX, sizeof(*attr));
	struct span oid, values;
	int rc = attr ? AC_OK : -ENOMEM;

	r->out.attr = attr;
	r->out.attr_bytes = r->signer.unsigned_attrs.n;
	while (rc == AC_OK && pkcs7_attr_next(&c, &oid, &values))
		rc = r->out.nattr < AC_ATTRS_MAX
		    ? note(r, &attr[r->out.nattr], oid, values)
		    : fault_set(r->f, AC_STRUCTURE, "more than %d unsigned attributes",
			  AC_ATTRS_MAX);
	if (rc == AC_OK && c.err)
		return ac_bad_der(r, "unsigned attributes", &c);
	if (rc == AC_OK && r->out.nstamps)
		choose_stamp(r);
	return rc;
}
