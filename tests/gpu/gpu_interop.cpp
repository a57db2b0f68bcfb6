// A running fit drawn from the graphics card's memory, and the same meshes drawn from the host's: the pictures must be the
// same. Needs an NVIDIA card and EGL, no display.
//
// usage: gpu_interop [frames]
// Exit code: 0 the same, 1 different or failed, 77 it cannot be tried here.
#include <glad/gl.h>
#include <imgui.h>

#include <cstdio>
#include <cstdlib>

#include "app/window/gl_drawing.h"
#include "app/window/platform.h"
#include "optim/fit/start_shapes.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kSkipped = 77, kWidth = 640, kHeight = 480;

FitOptions fitOptions() {
  FitOptions options;
  options.backend = Backend::Cuda;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = 8;
  options.heldOutViews = 0;
  options.size = 128;
  options.iterations = 1000000;
  return options;
}

Mesh target() {
  Mesh mesh = icosphere(4);
  for (glm::vec3& p : mesh.positions) p = {0.6f * p.x, p.y * (1 + 0.3f * p.x), 0.8f * p.z};
  return mesh;
}

SceneFrame frameOf(std::shared_ptr<const Snapshot> snapshot) {
  SceneFrame frame;
  OrbitCamera camera;
  frame.matrices = camera.matrices(Rect{0, 0, kWidth, kHeight});
  frame.snapshot = std::move(snapshot);
  frame.width = kWidth;
  frame.height = kHeight;
  return frame;
}

std::vector<unsigned char> picture(GlDrawing& drawing, const std::shared_ptr<const Snapshot>& snapshot) {
  const TextureId texture = drawing.scene(frameOf(snapshot));
  GLint width = 0, height = 0;
  glBindTexture(GL_TEXTURE_2D, GLuint(texture));
  glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &width);
  glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_HEIGHT, &height);
  std::vector<unsigned char> pixels(std::size_t(width) * std::size_t(height) * 4);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  return pixels;
}

// The snapshot as it would be without the card's memory: the published mesh read back.
std::shared_ptr<const Snapshot> onHost(const Snapshot& snapshot) {
  const device::CudaApi& api = *device::cudaRuntime();
  const PublishedGeometry& g = *snapshot.geometry;
  device::checkCuda(api, api.eventWait(g.ready), "Waiting for the published mesh");
  std::vector<glm::vec3> positions(std::size_t(g.vertexCount)), normals = positions;
  device::checkCuda(api, api.copy(positions.data(), g.positions, g.bytes(), device::CudaCopy::DeviceToHost, nullptr), "Reading positions");
  device::checkCuda(api, api.copy(normals.data(), g.normals, g.bytes(), device::CudaCopy::DeviceToHost, nullptr), "Reading normals");
  device::checkCuda(api, api.streamWait(nullptr), "Reading the mesh");
  Snapshot result = snapshot;
  result.geometry.reset();
  result.positions = std::make_shared<const std::vector<glm::vec3>>(std::move(positions));
  result.normals = std::make_shared<const std::vector<glm::vec3>>(std::move(normals));
  return std::make_shared<const Snapshot>(std::move(result));
}

// The next snapshot that carries a mesh on the card other than `last`; null when none comes.
std::shared_ptr<const Snapshot> nextOnCard(Session& session, const PublishedGeometry* last) {
  for (int tries = 0; tries < 500; ++tries) {
    const auto s = session.snapshot();
    if (s->geometry && s->geometry.get() != last) return s;
    session.waitForChange(s->version, 0.02);
  }
  return nullptr;
}

int compare(int frames) {
  const auto platform = openEgl(kWidth, kHeight);
  GlDrawing direct(InteropMode::On), copied(InteropMode::Off);
  std::printf("%s\n", direct.description().c_str());
  Session session;
  session.setOptions(fitOptions());
  session.loadModel(target(), "egg");
  session.waitIdle();
  picture(direct, session.snapshot());  // asks whether it works here
  if (!direct.readsTheCard()) {
    std::printf("Interop is not possible here: %s\n", direct.whyHostCopies().c_str());
    return 1;
  }
  session.shareGeometry(true);
  session.start();
  int different = 0, still = 0;
  std::vector<unsigned char> before;
  std::shared_ptr<const Snapshot> last;
  for (int i = 0; i < frames; ++i) {
    const auto s = nextOnCard(session, last ? last->geometry.get() : nullptr);
    if (!s) throw Error(ExitCode::Internal, "No mesh was published on the card.");
    const auto a = picture(direct, s), b = picture(copied, onHost(*s));
    different += a != b;
    still += a == before;
    before = a;
    last = s;
  }
  std::printf("interop: %d frames, %d differ from the host's, %d show no change, %s\n", frames, different, still,
              direct.readsTheCard() ? "drawn in place to the end" : direct.whyHostCopies().c_str());
  return different == 0 && still < frames / 2 && direct.readsTheCard() ? 0 : 1;
}

int run(int frames) {
  const CudaStatus status = probeCuda();
  if (!status.available) {
    std::printf("skipped: %s\n", status.reason.c_str());
    return kSkipped;
  }
  ImGui::CreateContext();
  const int result = compare(frames);
  ImGui::DestroyContext();
  return result;
}

}  // namespace
}  // namespace penumbra

int main(int count, char** arguments) try {
  return penumbra::run(count > 1 ? std::atoi(arguments[1]) : 20);
} catch (const penumbra::Error& error) {
  std::printf("%s\n", error.full().c_str());
  return 1;
}
