/* SPDX-License-Identifier: Apache-2.0 */
/* The list of known driver bugs, and which of them concern a device. */
#include <string.h>

#include "device/cl.h"

static const oc_driver_bug bugs[] = {
#define OC_BUG(name, platform, seen, text, avoided) {#name, platform, seen, text, avoided},
#include "device/bugs.def"
#undef OC_BUG
};

static bool concerns(const oc_driver_bug *bug, const oc_device_info *info) {
    return !info || strstr(info->platform, bug->platform) != NULL;
}

const oc_driver_bug *oc_device_known_bug(const oc_device_info *info, size_t index) {
    for (size_t i = 0; i < OC_COUNT(bugs); i++) {
        if (concerns(&bugs[i], info) && index-- == 0) {
            return &bugs[i];
        }
    }
    return NULL;
}

bool oc__has_bug(const oc_device_info *info, const char *name) {
    const oc_driver_bug *bug;
    for (size_t i = 0; (bug = oc_device_known_bug(info, i)) != NULL; i++) {
        if (strcmp(bug->name, name) == 0) {
            return true;
        }
    }
    return false;
}
