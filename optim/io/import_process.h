// Runs the model parser in a process of its own, so that a crash, hang or memory bomb in it stays there.
#pragma once
#include <atomic>
#include <chrono>
#include <filesystem>

#include "optim/io/imported_scene.h"

namespace penumbra {

// Starts `penumbra-import` on the file and checks its reply: counts within limits, length exact, indices in range.
// Positions may still be non-finite. Looked for at $PENUMBRA_IMPORT_WORKER, beside the running program, in the
// build tree. Throws Error(Input) with the parser's reason, Error(Memory), or Error(Internal) when not installed.
// The process has 4 GiB and processor time in proportion to the file, 60 s at most; after `timeLimit` of clock time it is stopped. When
// `stop` is raised, too: Interrupted (thread_pool.h) is thrown then, within a twentieth of a second.
ImportedScene importInProcess(const std::filesystem::path& path, const std::atomic<bool>* stop = nullptr,
                              std::chrono::milliseconds timeLimit = std::chrono::seconds(90));

}  // namespace penumbra
