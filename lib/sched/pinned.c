/* SPDX-License-Identifier: Apache-2.0 */
/* Devices by the caller's word. */
#include <fnmatch.h>
#include <math.h>
#include <string.h>

#include "sched/machine.h"

static const char *name_of(const oc_node *node) {
    return node->name ? node->name : "";
}

/* The last pin whose pattern fits the node's name, or "op:NAME" its op; NULL: none. */
static const oc_pin *pin_of(const oc_node *node, const oc_pin *pins, size_t count) {
    const oc_pin *found = NULL;
    for (size_t i = 0; i < count; i++) {
        bool by_op = !strncmp(pins[i].pattern, "op:", 3);
        if (!fnmatch(pins[i].pattern + (by_op ? 3 : 0), by_op ? node->op->name : name_of(node), 0))
            found = &pins[i];
    }
    return found;
}

static oc_status check_pins(const oc_graph *graph, const oc_pin *pins, size_t count, size_t devices, oc_error *err) {
    for (size_t i = 0; i < count; i++) {
        bool fits = false;
        if (!pins[i].pattern || pins[i].device >= devices)
            return oc__fail(graph->context, err, OC_ERROR_INVALID, "pin %zu: device %zu of %zu was asked for%s", i, pins[i].device, devices,
                            pins[i].pattern ? "" : ", without a pattern");
        for (size_t k = 0; k < graph->node_count && !fits; k++)
            fits = pin_of(graph->nodes[k], &pins[i], 1) != NULL;
        if (!fits)
            return oc__fail(graph->context, err, OC_ERROR_NOT_FOUND, "pin %zu: no node's name fits %s", i, pins[i].pattern);
    }
    return OC_OK;
}

oc_status oc__pins_read(const oc_graph *graph, const oc_pin *pins, size_t pin_count, size_t device_count, int32_t *device_of,
                        oc_error *err) {
    OC_TRY(check_pins(graph, pins, pin_count, device_count, err));
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_pin *pin = pin_of(graph->nodes[i], pins, pin_count);
        device_of[i] = pin ? (int32_t)pin->device : -1;
    }
    return OC_OK;
}

oc_status oc__place_pinned(oc__groups *groups, const oc_graph *graph, const int32_t *pinned, oc_error *err) {
    oc_placement *p = &groups->placement;
    int32_t usual = OC_MAX(oc__placement_best_single(p), 0);
    for (size_t g = 0; g < p->group_count; g++)
        p->device_of[g] = usual;
    for (size_t i = 0; i < graph->node_count; i++)
        if (pinned[i] >= 0)
            p->device_of[groups->group_of[i]] = pinned[i];
    for (int32_t g = 0; g < (int32_t)p->group_count; g++)
        if (isinf(oc__placement_seconds(p, g, p->device_of[g])))
            return oc__fail(graph->context, err, OC_ERROR_UNSUPPORTED, "the group of %s cannot be computed on device %d", p->names[g],
                            p->device_of[g]);
    return oc__placement_fits(p) ? OC_OK
                                 : oc__fail(graph->context, err, OC_ERROR_LIMIT, "the memory of the devices does not suffice for these pins");
}
