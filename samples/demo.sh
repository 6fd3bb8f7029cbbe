#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From nothing to a network that knows clothes: installs what is missing (Debian 12), builds, trains LeNet-5 on the sample of
# Fashion-MNIST in samples/data, shows some answers, and reads the saved model back. A minute or two.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
. samples/packages.sh
start=$(date +%s)
say() { printf '\n== %s (%d s)\n' "$1" $(($(date +%s) - start)); }

say 'packages'
ocelli_packages demo

say 'build'
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build samples/ocelli >build/demo.log 2>&1 || { cat build/demo.log; exit 1; }
ocelli=build/samples/ocelli
mkdir -p build/demo
model=build/demo/lenet5.onnx

say 'devices'
$ocelli devices

say 'training LeNet-5 on 5000 pictures, testing on 1000 others'
$ocelli train lenet5 --data samples/data --epochs 12 --batch 64 --optimizer adam --lr 0.002 --save "$model" | tee build/demo/train.txt

say "what the saved model, read back from $model, says to test pictures"
$ocelli classify "$model" samples/data/t10k-images-idx3-ubyte.gz --first 6 --draw

say 'the same answers'
trained=$(sed -n 's/.*test accuracy \([0-9.]*\) %.*/\1/p' build/demo/train.txt | tail -n 1)
read=$($ocelli classify "$model" samples/data/t10k-images-idx3-ubyte.gz --first 1000 --no-draw | sed -n 's/.*right (\([0-9.]*\) %).*/\1/p')
echo "as trained: $trained % right, read back: $read % right"
[ "$trained" = "$read" ] || { echo 'the answers differ'; exit 1; }
awk "BEGIN { exit !($trained >= 80) }" || { echo 'less than 80 % are right'; exit 1; }
say 'done'
