/* SPDX-License-Identifier: Apache-2.0 */
/* The version of the running library. */
#include <ocelli/version.h>

#define TEXT(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

int oc_version_number(void) {
    return OC_VERSION;
}

const char *oc_version_text(void) {
    return VERSION_TEXT(OC_VERSION_MAJOR, OC_VERSION_MINOR, OC_VERSION_PATCH);
}
