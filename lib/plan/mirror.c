/* SPDX-License-Identifier: Apache-2.0 */
/* Data parallelism: a state's copies on other devices, and sums over replicas. */
#include <string.h>

#include "plan/team.h"

/* Elements that stay in a first-level cache while all replicas are added. */
#define CHUNK 2048

/* Through a host tensor of the entry's own. */
static oc_status copy_by_host(oc__team *team, oc_state *from, oc_state *to, const oc_value_info *info, oc_error *err) {
    oc_tensor *tensor;
    OC_TRY(oc_tensor_create(&tensor, team->exec->context, NULL, info->dtype, &info->shape, err));
    oc_status status = oc_state_read(from, info->name, tensor, err);
    if (status == OC_OK)
        status = oc_state_write(to, info->name, tensor, err);
    oc_tensor_destroy(&tensor);
    return status;
}

/* Devices of one OpenCL context reach each other's memory. */
static oc_status copy_entry(oc__team *team, oc_state *from, oc_state *to, size_t index, oc_error *err) {
    oc_value_info info = oc_state_get_info(to, index);
    int64_t source = oc_state_find(from, info.name);
    if (source < 0)
        return oc__fail(team->exec->context, err, OC_ERROR_NOT_FOUND, "the state has no %s, which the plan uses", info.name);
    const oc__state_entry *a = &from->entries[source], *b = &to->entries[index];
    if (a->dtype != b->dtype || !oc_shape_equal(&a->shape, &b->shape))
        return oc__fail(team->exec->context, err, OC_ERROR_SHAPE, "state %s has another type or shape than the plan's", info.name);
    if (!a->buffer || !b->buffer || !b->bytes || !oc__device_shares(from->device, to->device))
        return copy_by_host(team, from, to, &info, err);
    return oc__queue_copy(oc__device_queue(to->device), a->buffer, a->offset, b->buffer, b->offset, b->bytes, err);
}

oc_status oc__member_refresh(oc__team *team, oc__member *member, oc_error *err) {
    oc_state *from = team->exec->state;
    if (!member->state)
        return OC_OK;
    OC_TRY(oc__state_check(from, err));
    uint64_t version = oc__state_add_version(from, 0) + 1;
    if (version == member->version)
        return OC_OK;
    for (size_t i = 0; i < oc_state_count(member->state) && !member->shared; i++)
        OC_TRY(copy_entry(team, from, member->state, i, err));
    OC_TRY(oc__queue_finish(oc__device_queue(member->state->device), err));
    (void)oc__state_add_version(member->state, 1);
    member->version = version;
    return OC_OK;
}

static void add_chunk(float *to, const float *const *from, const double *weights, size_t count, int64_t first, int64_t last) {
    const float *x = from[0];
    float w = (float)weights[0];
    for (int64_t i = first; i < last; i++)
        to[i] = w * x[i];
    for (size_t k = 1; k < count; k++) {
        x = from[k];
        w = (float)weights[k];
        for (int64_t i = first; i < last; i++)
            to[i] += w * x[i];
    }
}

void oc__team_blend(oc__team *team, int share, int shares) {
    const struct oc__parts *parts = team->exec->plan->parts;
    const float *from[OC_MOST_REPLICAS];
    for (size_t b = 0; b < parts->blend_count; b++) {
        const oc__blend *x = &parts->blends[b];
        float *to = x->spots ? oc__team_spot(team, &x->spots[0]) : oc_tensor_get_data(team->blocks[x->to]);
        int64_t count = oc_shape_count(&parts->blocks[x->to].shape), first = count * share / shares, last = count * (share + 1) / shares;
        for (size_t k = 0; k < x->count; k++)
            from[k] = x->spots ? oc__team_spot(team, &x->spots[k + 1]) : oc_tensor_get_data(team->blocks[x->from[k]]);
        for (int64_t at = first; at < last; at += CHUNK)
            add_chunk(to, from, x->weights, x->count, at, OC_MIN(at + CHUNK, last));
    }
}
