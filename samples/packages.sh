# SPDX-License-Identifier: Apache-2.0
# What Debian 12 must have, in one place; read by samples/demo.sh and test/run.sh.
ocelli_demo_packages="gcc libc6-dev meson ninja-build pkg-config python3 opencl-c-headers ocl-icd-opencl-dev ocl-icd-libopencl1
    pocl-opencl-icd zlib1g-dev libpng-dev libjpeg-dev"
ocelli_test_packages="$ocelli_demo_packages cmake python3-venv g++ clang libclang-rt-dev libcmocka-dev libclblast-dev libonnx-testdata git
    protobuf-c-compiler libprotobuf-c-dev libonnx-dev"
# test/run.sh --full: packaging, more drivers, hosts of other kinds, documentation.
ocelli_full_packages="$ocelli_test_packages abigail-tools debhelper dh-python dpkg-dev lintian python3-numpy scdoc mesa-opencl-icd oclgrind
    qemu-user gcc-i686-linux-gnu libc6-dev-i386-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-powerpc64-linux-gnu
    libc6-dev-ppc64-cross scdoc doxygen zsh fish"

# ocelli_packages demo|test|full: installs what is missing, as root or by sudo; does nothing when all is there.
ocelli_packages() {
    eval "wanted=\$ocelli_$1_packages"
    missing=
    for package in $wanted; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "this is not Debian; please install what corresponds to:$missing" >&2
        return 1
    fi
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null || { echo "please install, as root:$missing" >&2; return 1; }
    fi
    echo "installing:$missing"
    install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
    # The lists are fetched only if they are not there, or too old for what they name.
    $install $missing >/dev/null 2>&1 || { $sudo apt-get update -q >/dev/null && $install $missing >/dev/null; } || {
        echo "installing failed:$missing" >&2
        return 1
    }
}
