/* SPDX-License-Identifier: Apache-2.0 */
/* A place for everything, each at the lowest offset that is free for its whole life: largest first, or in what order it takes less. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

#define ALIGN 64

/* Values start where sub-buffers may, so that a program can make one of a value. */
static uint64_t align_of(const oc_plan *plan) {
    return OC_MAX((uint64_t)ALIGN, (uint64_t)oc__device_caps(plan->devices[0])->align);
}

uint64_t oc__plan_zone(const oc_plan *plan) {
    return OC_MAX(align_of(plan), (uint64_t)OC_RED_ZONE);
}

static uint64_t aligned(const oc_plan *plan, uint64_t bytes) {
    uint64_t align = align_of(plan);
    return (bytes + align - 1) / align * align;
}

/* Something that needs memory from one task to another. */
typedef struct item {
    uint64_t bytes, offset;
    int32_t first, last;
    int slab;
    oc__place *place;
} item;

typedef struct items {
    item *list;
    size_t count, capacity;
} items;

static void find_lives(oc_plan *plan) {
    for (size_t i = 0; i < plan->slot_count; i++)
        plan->slots[i].first = -1;
    for (size_t t = 0; t < plan->task_count; t++) {
        const oc__task *task = &plan->tasks[t];
        for (int i = 0; i < task->problem.out_count; i++) {
            if (task->out[i] < 0)
                continue;
            oc__slot *root = &plan->slots[oc__slot_root(plan, task->out[i])];
            root->first = root->first < 0 ? (int32_t)t : root->first;
            root->last = OC_MAX(root->last, (int32_t)t);
        }
        for (int i = 0; i < task->problem.in_count; i++) {
            if (task->in[i] < 0)
                continue;
            oc__slot *root = &plan->slots[oc__slot_root(plan, task->in[i])];
            bool kept = root->home == OC_HOME_DERIVED && !task->derived; /* what only derived tasks read is gone when they are done */
            root->last = kept ? INT32_MAX : OC_MAX(root->last, (int32_t)t);
        }
    }
}

static bool push(oc_plan *plan, items *all, uint64_t bytes, int32_t first, int32_t last, oc__place *place) {
    item it = {.bytes = aligned(plan, OC_MAX(bytes, (uint64_t)1)), .first = first, .last = last, .place = place};
    return OC_ARRAY_PUSH(plan->context, all->list, all->count, all->capacity, it);
}

/* `packed`: derived values that are kept. */
static bool collect(oc_plan *plan, items *arena, items *derived, items *packed) {
    bool ok = true;
    for (size_t i = 0; i < plan->slot_count; i++) {
        oc__slot *slot = &plan->slots[i];
        if (slot->alias >= 0 || slot->region >= 0)
            continue;
        uint64_t bytes = oc__desc_bytes(&slot->desc);
        if (slot->home == OC_HOME_DERIVED)
            ok = ok && push(plan, slot->last == INT32_MAX ? packed : derived, bytes, OC_MAX(slot->first, 0), slot->last, &slot->place);
        else if (slot->home == OC_HOME_ARENA)
            ok = ok && push(plan, arena, bytes, slot->kept ? 0 : OC_MAX(slot->first, 0), slot->kept ? INT32_MAX : slot->last, &slot->place);
    }
    for (size_t i = 0; i < plan->region_count; i++)
        ok = ok && push(plan, arena, plan->regions[i].bytes, 0, INT32_MAX, &plan->regions[i].place);
    for (size_t t = 0; t < plan->task_count; t++)
        if (plan->tasks[t].workspace)
            ok = ok && push(plan, arena, plan->tasks[t].workspace, (int32_t)t, (int32_t)t, &plan->tasks[t].workspace_place);
    return ok;
}

static int larger_first(const void *a, const void *b) {
    const item *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

static int longer_first(const void *a, const void *b) {
    const item *x = a, *y = b;
    int64_t longer = ((int64_t)y->last - y->first) - ((int64_t)x->last - x->first);
    return longer ? (longer < 0 ? -1 : 1) : larger_first(a, b);
}

static int earlier_first(const void *a, const void *b) {
    const item *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : larger_first(a, b);
}

static int by_offset(const void *a, const void *b) {
    const item *x = *(const item *const *)a, *y = *(const item *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The lowest free offset in a slab: neighbours in time, by offset, leave gaps. */
static uint64_t lowest(const item *placed, size_t count, const item *it, int slab, const item **near) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (placed[i].slab == slab && placed[i].first <= it->last && it->first <= placed[i].last)
            near[n++] = &placed[i];
    qsort(near, n, sizeof(*near), by_offset);
    uint64_t offset = 0;
    for (size_t i = 0; i < n; i++) {
        if (near[i]->offset >= offset + it->bytes)
            break;
        offset = OC_MAX(offset, near[i]->offset + near[i]->bytes);
    }
    return offset;
}

static uint64_t liveness_bound(const items *all, int32_t tasks) {
    uint64_t most = 0;
    for (int32_t t = 0; t <= tasks; t++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < all->count; i++)
            sum += all->list[i].first <= t && t <= all->list[i].last ? all->list[i].bytes : 0;
        most = OC_MAX(most, sum);
    }
    return most;
}

/* Where all are put in this order: each one's slab and offset, the slabs' sizes; the sum of these. No item is larger than `most`. */
static uint64_t place_in_order(items *all, int (*order)(const void *, const void *), uint64_t most, const item **near, uint64_t *sizes,
                               int *slabs) {
    uint64_t sum = 0;
    if (all->count)
        qsort(all->list, all->count, sizeof(*all->list), order);
    memset(sizes, 0, sizeof(*sizes) * all->count);
    *slabs = 0;
    for (size_t i = 0; i < all->count; i++) {
        item *it = &all->list[i];
        it->slab = 0;
        while ((it->offset = lowest(all->list, i, it, it->slab, near)) + it->bytes > most)
            it->slab++;
        *slabs = OC_MAX(*slabs, it->slab + 1);
        sizes[it->slab] = OC_MAX(sizes[it->slab], it->offset + it->bytes);
    }
    for (int i = 0; i < *slabs; i++)
        sum += sizes[i];
    return sum;
}

/* In the order that needs the least memory. */
static void place_best(const oc_plan *plan, items *all, uint64_t most, const item **near, uint64_t *sizes, int *slabs) {
    static int (*const orders[])(const void *, const void *) = {larger_first, longer_first, earlier_first};
    uint64_t bound = liveness_bound(all, (int32_t)plan->task_count), least = UINT64_MAX, sum = 0;
    size_t best = 0;
    for (size_t i = 0; least > bound && i < OC_COUNT(orders); i++) {
        sum = place_in_order(all, orders[i], most, near, sizes, slabs);
        best = sum < least ? i : best;
        least = OC_MIN(sum, least);
    }
    if (sum > least)
        place_in_order(all, orders[best], most, near, sizes, slabs);
}

/* Each in a slab of its own, between zones. */
static void place_apart(items *all, uint64_t zone, uint64_t *sizes, int *slabs) {
    for (size_t i = 0; i < all->count; i++) {
        item *it = &all->list[i];
        it->slab = (*slabs)++;
        it->offset = zone;
        sizes[it->slab] = it->bytes + 2 * zone;
    }
}

static oc_status check_sizes(const oc_plan *plan, const items *all, uint64_t most, oc_error *err) {
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].bytes > most)
            return oc__fail(plan->context, err, OC_ERROR_LIMIT, "a value of %llu bytes exceeds what %s allows in one piece: %llu",
                            (unsigned long long)all->list[i].bytes, oc_device_get_info(plan->devices[0])->name, (unsigned long long)most);
    return OC_OK;
}

static oc_status place_all(oc_plan *plan, items *all, int first_slab, uint64_t **sizes, int *slabs, oc_error *err) {
    uint64_t align = align_of(plan), most = oc__device_caps(plan->devices[0])->max_alloc / align * align;
    OC_TRY(check_sizes(plan, all, most, err));
    const item **near = oc__alloc_array(plan->context, OC_MAX(all->count, (size_t)1), sizeof(*near));
    *sizes = oc__arena_alloc(&plan->arena, sizeof(**sizes) * OC_MAX(all->count, (size_t)1));
    bool enough = near && *sizes;
    if (enough && plan->params.red_zones)
        place_apart(all, oc__plan_zone(plan), *sizes, slabs);
    else if (enough)
        place_best(plan, all, most, near, *sizes, slabs);
    for (size_t i = 0; enough && i < all->count; i++)
        *all->list[i].place = (oc__place){first_slab + all->list[i].slab, all->list[i].offset};
    oc__free(plan->context, near);
    return enough ? OC_OK : oc__fail_memory(plan->context, err, all->count * sizeof(*near));
}

/* Derived slabs: those of values that are needed for a while, then one for each that is kept, for other plans may have it too. */
static oc_status place_derived(oc_plan *plan, items *derived, items *packed, oc_error *err) {
    uint64_t most = oc__device_caps(plan->devices[0])->max_alloc, *sizes, zone = plan->params.red_zones ? oc__plan_zone(plan) : 0;
    OC_TRY(place_all(plan, derived, plan->arena_slabs, &sizes, &plan->derived_slabs, err));
    plan->derived_temps = plan->derived_slabs;
    size_t count = (size_t)plan->derived_slabs + packed->count;
    plan->derived_sizes = oc__arena_alloc(&plan->arena, sizeof(*sizes) * OC_MAX(count, (size_t)1));
    if (!plan->derived_sizes)
        return oc__fail_memory(plan->context, err, count * sizeof(*sizes));
    memcpy(plan->derived_sizes, sizes, sizeof(*sizes) * (size_t)plan->derived_slabs);
    for (size_t i = 0; i < packed->count; i++) {
        item *it = &packed->list[i];
        if (it->bytes + 2 * zone > most)
            return oc__fail(plan->context, err, OC_ERROR_LIMIT, "packed weights of %llu bytes exceed what %s allows in one piece: %llu",
                            (unsigned long long)it->bytes, oc_device_get_info(plan->devices[0])->name, (unsigned long long)most);
        *it->place = (oc__place){plan->arena_slabs + plan->derived_slabs, zone};
        plan->derived_sizes[plan->derived_slabs++] = it->bytes + 2 * zone;
    }
    return OC_OK;
}

static void place_constants(oc_plan *plan) {
    for (size_t i = 0; i < plan->slot_count; i++) {
        oc__slot *slot = &plan->slots[i];
        if (slot->home != OC_HOME_CONSTANT || slot->alias >= 0)
            continue;
        slot->place = (oc__place){plan->constant_slab, plan->constant_bytes};
        plan->constant_bytes += aligned(plan, oc__desc_bytes(&slot->desc));
    }
}

/* Views and members of regions lie where what they are part of does. */
static void place_rest(oc_plan *plan) {
    for (size_t i = 0; i < plan->slot_count; i++) {
        oc__slot *slot = &plan->slots[i];
        if (slot->region >= 0) {
            slot->place = plan->regions[slot->region].place;
            slot->place.offset += slot->region_offset;
        }
        if (slot->home == OC_HOME_STATE && slot->alias < 0)
            slot->place = (oc__place){plan->first_state_slab + slot->state, 0};
    }
    for (size_t g = 0; g < plan->group_count; g++) { /* the exec checks that the state has them so */
        const oc__plan_group *group = &plan->groups[g];
        for (int i = 0; i < group->count; i++)
            plan->slots[plan->states[group->states[i]].slot].place =
                (oc__place){plan->first_state_slab + group->states[0], group->offsets[i]};
    }
    for (size_t i = 0; i < plan->slot_count; i++)
        if (plan->slots[i].alias >= 0) {
            plan->slots[i].place = plan->slots[oc__slot_root(plan, (int32_t)i)].place;
            plan->slots[i].place.offset += oc__slot_offset(plan, (int32_t)i);
        }
}

oc_status oc__plan_make_memory(oc_plan *plan, oc_error *err) {
    items arena = {0}, derived = {0}, packed = {0};
    find_lives(plan);
    oc_status status = collect(plan, &arena, &derived, &packed) ? OC_OK : oc__fail_memory(plan->context, err, plan->slot_count);
    if (status == OC_OK)
        status = place_all(plan, &arena, 0, &plan->arena_sizes, &plan->arena_slabs, err);
    if (status == OC_OK)
        status = place_derived(plan, &derived, &packed, err);
    if (status == OC_OK) {
        plan->constant_slab = plan->arena_slabs + plan->derived_slabs;
        plan->first_state_slab = plan->constant_slab + 1;
        plan->slab_count = plan->first_state_slab + (int)plan->state_count;
        plan->info.liveness_bytes = liveness_bound(&arena, (int32_t)plan->task_count);
        place_constants(plan);
        place_rest(plan);
        status = oc__plan_make_keys(plan, err);
    }
    for (int i = 0; i < plan->arena_slabs; i++)
        plan->info.arena_bytes += plan->arena_sizes[i];
    for (int i = 0; i < plan->derived_slabs; i++)
        plan->info.derived_bytes += plan->derived_sizes[i];
    oc__free(plan->context, arena.list);
    oc__free(plan->context, derived.list);
    oc__free(plan->context, packed.list);
    return status;
}
