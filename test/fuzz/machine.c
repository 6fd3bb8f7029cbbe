/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a machine file. */
#include "fuzz/fuzz.h"
#include "sched/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    oc_error err = {0};
    oc__machine machine;
    oc_status status = oc__machine_read(&machine, fuzz_context(), fuzz_file(data, size), &err);
    fuzz_result(status, &err, status == OC_OK);
    if (status == OC_OK) {
        for (size_t i = 0; i < machine.device_count; i++)
            fuzz_check(machine.speeds[i].flops > 0 && machine.speeds[i].bytes > 0 && machine.speeds[i].name[0], "a device without a speed");
        for (size_t i = 0; i < machine.device_count * machine.device_count; i++)
            fuzz_check(machine.latency[i] >= 0 && machine.rate[i] > 0, "a link without a speed");
        oc__machine_finish(&machine);
    }
    fuzz_memory();
    return 0;
}
