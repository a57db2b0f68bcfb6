// penumbra-import FILE: parses one model and writes its triangles to descriptor 3 (see imported_scene.h).
// Malformed files can crash, hang or bloat a parser, so this runs as a process of its own under resource limits.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <string>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "optim/io/import_worker/sanitizers.h"
#include "optim/io/import_worker/scene_import.h"
#include "optim/io/import_worker/time_budget.h"

namespace {

constexpr int kResultFd = 3;

void limit(int resource, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);
}

void limitResources() {
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 60);
  limit(RLIMIT_FSIZE, 0);
  penumbra::startTimeBudget();
#ifndef PENUMBRA_SHADOW_MEMORY
  limit(RLIMIT_AS, rlim_t(4) << 30);
#endif
}

bool send(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = ::write(kResultFd, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes += done;
    size -= std::size_t(done);
  }
  return true;
}

int sendScene(const penumbra::ImportedScene& scene) {
  penumbra::SceneHeader header;
  header.parts = scene.parts;
  header.otherPrimitives = scene.otherPrimitives;
  header.vertices = scene.positions.size();
  header.faces = scene.faces.size();
  header.textBytes = std::uint32_t(scene.text.size());
  const bool sent = send(&header, sizeof(header)) && send(scene.text.data(), scene.text.size()) &&
                    send(scene.positions.data(), scene.positions.size() * sizeof(glm::vec3)) &&
                    send(scene.faces.data(), scene.faces.size() * sizeof(penumbra::Face));
  return sent ? 0 : 1;
}

int sendRefusal(std::string reason) {
  if (reason.empty()) reason = "the parser gave no reason";
  reason.resize(std::min<std::size_t>(reason.size(), 1000));
  penumbra::SceneHeader header;
  header.status = 1;
  header.textBytes = std::uint32_t(reason.size());
  return send(&header, sizeof(header)) && send(reason.data(), reason.size()) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  limitResources();
  try {
    return sendScene(penumbra::importScene(arguments[1]));
  } catch (const std::bad_alloc&) {
    return sendRefusal("it needs more than 4 GiB of memory");
  } catch (const std::exception& error) {
    return sendRefusal(error.what());
  }
}
