// What cuda_iteration.cu offers to the host's files.
#pragma once

namespace penumbra::device {

const void* probeKernel();  // any kernel: there is machine code for all or none

}  // namespace penumbra::device
