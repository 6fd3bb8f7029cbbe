/* SPDX-License-Identifier: Apache-2.0 */
/* The list of slots and tasks while it is being made. */
#ifndef OC_MAKER_H
#define OC_MAKER_H

#include "plan/plan.h"

/* The slots of a value, one a layout; the first is the one it was made in. */
typedef struct oc__slot_list {
    int32_t *items;
    size_t count, capacity;
} oc__slot_list;

typedef struct oc__maker {
    oc_plan *plan;
    oc__slot_list *of_value; /* by value id */
    int *uses;           /* by value id */
} oc__maker;

/* slots.c: a further slot of a value; -1: failed. */
int32_t oc__maker_add_slot(oc__maker *m, const oc_value *value, const oc__desc *desc, oc__home home, oc_error *err);
/* The slot of a value in a layout, made by a reorder if need be; -1: failed. */
int32_t oc__maker_want_slot(oc__maker *m, const oc_value *value, const oc__layout *layout, oc_error *err);
/* What the reorder that oc__maker_want_slot() would need is expected to take. */
double oc__maker_reorder_seconds(const oc__maker *m, const oc_value *value, const oc__layout *layout, const oc__caps *caps);
/* Whether what lies there depends on states and constants only. */
bool oc__slot_is_fixed(const oc_plan *plan, int32_t slot);
oc__task *oc__plan_add_task(oc_plan *plan, oc_error *err); /* NULL: failed */
/* What a finished task knows of itself: its text, cost, workspace. */
oc_status oc__plan_finish_task(oc_plan *plan, oc__task *task, oc_error *err);

#endif
