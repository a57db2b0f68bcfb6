#include "optim/io/import_worker/sandboxed_files.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <assimp/MemoryIOWrapper.h>

#include "optim/io/import_worker/time_budget.h"

namespace penumbra {
namespace {

// "%20" and the like; glTF addresses are percent-encoded.
std::string decodePercent(const std::string& text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      result += char(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// True for a name that stays inside the folder by its spelling alone.
bool staysInside(const std::string& file) {
  if (file.empty() || file[0] == '/' || file.find(':') != std::string::npos || file.find('\0') != std::string::npos)
    return false;
  for (std::size_t start = 0; start <= file.size();) {
    const std::size_t end = std::min(file.find('/', start), file.size());
    if (file.compare(start, end - start, "..") == 0) return false;
    start = end + 1;
  }
  return true;
}

// Opens folder/file when its true place, links followed, is still inside the folder. -1 when not.
int openInside(const std::string& folder, const std::string& file) {
  const std::unique_ptr<char, decltype(&std::free)> root(::realpath(folder.c_str(), nullptr), &std::free);
  const std::unique_ptr<char, decltype(&std::free)> place(::realpath((folder + "/" + file).c_str(), nullptr), &std::free);
  if (!root || !place) return -1;
  std::string prefix = root.get();
  if (prefix != "/") prefix += '/';
  if (std::strncmp(place.get(), prefix.c_str(), prefix.size()) != 0) return -1;
  return ::open(place.get(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

bool readAll(int fd, std::string& to) {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got = ::read(fd, to.data() + done, to.size() - done);
    if (got <= 0) return false;
    done += std::size_t(got);
  }
  return true;
}

}  // namespace

bool SandboxedFiles::isModel(const std::string& file) const { return file == name_ || file == "./" + name_; }

bool SandboxedFiles::Exists(const char* file) const { return isModel(file); }

Assimp::IOStream* SandboxedFiles::Open(const char* file, const char* mode) {
  if (std::strchr(mode, 'w') != nullptr || std::strchr(mode, 'a') != nullptr) return nullptr;
  if (isModel(file))
    return new Assimp::MemoryIOStream(reinterpret_cast<const std::uint8_t*>(content_.data()), content_.size(), false);
  const std::string bytes = readNeighbour(file);
  if (bytes.empty()) return nullptr;
  auto* copy = new std::uint8_t[bytes.size()];
  std::memcpy(copy, bytes.data(), bytes.size());
  return new Assimp::MemoryIOStream(copy, bytes.size(), true);
}

std::string SandboxedFiles::readNeighbour(const std::string& file) {
  if (folder_.empty()) return {};
  const std::string plain = decodePercent(file);
  if (!staysInside(plain)) {
    refusal_ = "it asks for '" + file + "', which is outside its folder";
    return {};
  }
  const int fd = openInside(folder_, plain);
  struct stat status{};
  const bool usable = fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  std::string bytes;
  if (!usable) {
    refusal_ = "it needs the file '" + plain + "', which is not in its folder";
  } else if (std::size_t(status.st_size) > bytesLeft_) {
    refusal_ = "its file '" + plain + "' is too large";
  } else {
    bytes.resize(std::size_t(status.st_size));
    bytesLeft_ -= bytes.size();
    extendTimeBudget(bytes.size());
    if (!readAll(fd, bytes)) bytes.clear();
  }
  if (fd >= 0) ::close(fd);
  return bytes;
}

}  // namespace penumbra
