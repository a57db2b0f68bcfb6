// Files that are written whole or not at all.
#pragma once
#include <filesystem>
#include <span>

namespace penumbra {

// Temporary file in the same folder, every write checked, fsync, rename, fsync of the folder. A symbolic link is
// followed; an existing file keeps its mode. On any failure the old file is untouched, the temporary file is
// removed and Error(Save) says why (disk full with numbers, no permission, folder missing).
void writeFileAtomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace penumbra
