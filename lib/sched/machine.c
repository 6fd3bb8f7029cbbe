/* SPDX-License-Identifier: Apache-2.0 */
/* Opened devices as a machine. */
#include <string.h>

#include "sched/machine.h"

oc_status oc__machine_init(oc__machine *m, oc_context *context, size_t device_count, oc_error *err) {
    *m = (oc__machine){.device_count = device_count};
    oc__arena_init(&m->arena, context);
    m->speeds = oc__arena_alloc(&m->arena, device_count * sizeof(*m->speeds));
    m->latency = oc__arena_alloc(&m->arena, device_count * device_count * sizeof(double));
    m->rate = oc__arena_alloc(&m->arena, device_count * device_count * sizeof(double));
    if (m->speeds && m->latency && m->rate)
        return OC_OK;
    oc__machine_finish(m);
    return oc__fail_memory(context, err, device_count * device_count * sizeof(double));
}

void oc__machine_finish(oc__machine *m) {
    oc__arena_finish(&m->arena);
}

/* What the driver says, and guesses. */
static oc__speed guessed(oc_device *device) {
    const oc__caps *caps = oc__device_caps(device);
    oc__speed speed = {.flops = caps->peak_flops, .bytes = caps->peak_bytes, .launch = caps->launch_seconds, .wait = 20e-6,
                       .host_latency = 20e-6, .host_rate = caps->unified_memory ? 6e9 : 8e9, .compute_factor = 1, .memory_factor = 1};
    oc__format(speed.name, sizeof(speed.name), "%s", oc_device_get_info(device)->name);
    return speed;
}

static void link_devices(oc__machine *m) {
    for (size_t a = 0; a < m->device_count; a++)
        for (size_t b = 0; b < m->device_count; b++) {
            size_t at = a * m->device_count + b;
            const oc__speed *from = &m->speeds[a], *to = &m->speeds[b];
            m->latency[at] = a == b ? 0 : from->wait + from->host_latency + to->host_latency + OC_HAND_OVER + 2 * OC_PART_SECONDS;
            m->rate[at] = 1 / (OC_HOST_PASSES / from->host_rate + OC_HOST_PASSES / to->host_rate + OC_LAYOUT_PASSES / from->bytes +
                               OC_LAYOUT_PASSES / to->bytes);
        }
}

oc_status oc__machine_of_devices(oc__machine *m, oc_device *const *devices, size_t count, bool calibrate, oc_error *err) {
    OC_TRY(oc__machine_init(m, oc__device_context(devices[0]), count, err));
    m->devices = devices;
    oc_status status = OC_OK;
    for (size_t d = 0; d < count && status == OC_OK; d++) {
        if (!oc__calibration_get(devices[d], &m->speeds[d])) {
            m->speeds[d] = guessed(devices[d]);
            if (calibrate)
                status = oc__calibrate(devices[d], &m->speeds[d], err);
        }
        m->speeds[d].memory = oc__device_caps(devices[d])->global_mem;
    }
    link_devices(m);
    if (status != OC_OK)
        oc__machine_finish(m);
    return status;
}
