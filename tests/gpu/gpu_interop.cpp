// A running fit drawn from the graphics card's memory, and the same meshes drawn from the host's: the pictures must be the
// same. So must those of the views be, to one level of a colour (rounding). And the fit must not get slower, by more than a
// tenth, while the camera moves. Needs an NVIDIA card that draws by EGL, no display.
//
// usage: gpu_interop [frames]
// Exit code: 0 all well, 1 different, slower or failed, 77 it cannot be tried here.
#include <glad/gl.h>
#include <imgui.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "app/window/gl_drawing.h"
#include "app/window/platform.h"
#include "app/window/view_compare.h"
#include "optim/fit/start_shapes.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kSkipped = 77, kWidth = 640, kHeight = 480;
constexpr double kFrameSeconds = 1.0 / 60, kRateSeconds = 1, kLeastRate = 0.9;

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

std::vector<unsigned char> pixelsOf(TextureId texture) {
  GLint width = 0, height = 0;
  glBindTexture(GL_TEXTURE_2D, GLuint(texture));
  glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &width);
  glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_HEIGHT, &height);
  std::vector<unsigned char> pixels(std::size_t(width) * std::size_t(height) * 4);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  return pixels;
}

// Small ones of all views and a large one.
std::vector<PictureWish> wishes() {
  std::vector<PictureWish> result{{0, 1024}};
  for (int view = 0; view < fitOptions().views; ++view) result.push_back({view, 48});
  return result;
}

// Pictures of the views made on the card that are not those the host makes of the same coverage.
int differentPictures(GlDrawing& direct, const Snapshot& s, CompareMode mode) {
  const device::CudaApi& api = *device::cudaRuntime();
  const PublishedPictures& p = *s.pictures;
  std::vector<float> values(p.count);
  device::checkCuda(api, api.eventWait(p.ready), "Waiting for the published pictures");
  device::checkCuda(api, api.copy(values.data(), p.values, p.bytes(), device::CudaCopy::DeviceToHost, nullptr), "Reading pictures");
  device::checkCuda(api, api.streamWait(nullptr), "Reading pictures");
  int different = 0;
  for (std::size_t i = 0; i < p.list.size(); ++i) {
    const DevicePicture& place = p.list[i];
    const auto target = std::make_shared<const Mask>(reduceMask(s.views->train[std::size_t(place.wish.view)].mask, place.wish.maxSide));
    Mask coverage(place.width, place.height);
    std::copy_n(values.begin() + std::ptrdiff_t(place.offset), coverage.pixels.size(), coverage.pixels.begin());
    const RgbaImage expected = composeView(*target, &coverage, mode, 0.4, 0);
    const TextureId texture = direct.cardImage(int(i), {s.pictures, place, target, mode, 0.4});
    const auto drawn = texture ? pixelsOf(texture) : std::vector<unsigned char>();
    const auto* bytes = reinterpret_cast<const unsigned char*>(expected.pixels.data());
    bool same = drawn.size() == 4 * expected.pixels.size();
    for (std::size_t k = 0; same && k < drawn.size(); ++k) same = std::abs(int(drawn[k]) - int(bytes[k])) <= 1;
    different += !same;
  }
  return different;
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
  return pixelsOf(drawing.scene(frameOf(snapshot)));
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

using Clock = std::chrono::steady_clock;

// Iterations a second while frames are drawn 60 times a second: of whatever is new, or all, the camera turning.
double rateWhile(bool moving, Session& session, GlDrawing& drawing) {
  OrbitCamera camera;
  const auto begun = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  const int first = session.snapshot()->iteration;
  std::uint64_t shown = 0;
  for (int frames = 1; seconds() < kRateSeconds; ++frames) {
    SceneFrame frame = frameOf(session.snapshot());
    if (moving) camera.orbit(2, 0, Rect{0, 0, kWidth, kHeight});
    if (moving) frame.matrices = camera.matrices(Rect{0, 0, kWidth, kHeight});
    if (moving || frame.snapshot->version != shown) drawing.scene(frame);
    shown = frame.snapshot->version;
    glFinish();
    std::this_thread::sleep_until(begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(frames * kFrameSeconds)));
  }
  return (session.snapshot()->iteration - first) / seconds();
}

// By turns, so that what else the machine does falls on both; medians.
bool keepsItsRate(Session& session, GlDrawing& drawing) {
  std::vector<double> still, moving;
  for (int i = 0; i < 5; ++i) {
    still.push_back(rateWhile(false, session, drawing));
    moving.push_back(rateWhile(true, session, drawing));
  }
  for (std::vector<double>* rates : {&still, &moving}) std::sort(rates->begin(), rates->end());
  std::printf("rate: %.0f iterations/s with a still camera, %.0f with a moving one\n", still[2], moving[2]);
  return moving[2] >= kLeastRate * still[2];
}

int compare(int frames) {
  const auto platform = openEgl(kWidth, kHeight);
  if (const auto vendor = reinterpret_cast<const char*>(glGetString(GL_VENDOR)); std::string_view(vendor).find("NVIDIA") == std::string_view::npos) {
    std::printf("skipped: OpenGL here is by %s, not by the card's driver\n", vendor);
    return kSkipped;
  }
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
  session.sharePictures(wishes());
  session.start();
  int different = 0, still = 0, pictures = 0, differentOnes = 0;
  std::vector<unsigned char> before;
  std::shared_ptr<const Snapshot> last;
  for (int i = 0; i < frames; ++i) {
    const auto s = nextOnCard(session, last ? last->geometry.get() : nullptr);
    if (!s) throw Error(ExitCode::Internal, "No mesh was published on the card.");
    const auto a = picture(direct, s), b = picture(copied, onHost(*s));
    different += a != b;
    still += a == before;
    before = a;
    if (s->pictures && (!last || s->pictures != last->pictures)) {
      pictures += int(s->pictures->list.size());
      differentOnes += differentPictures(direct, *s, CompareMode(i % kCompareModes));
    }
    last = s;
  }
  std::printf("interop: %d frames, %d differ from the host's, %d show no change; %d pictures of views, %d differ; %s\n", frames, different,
              still, pictures, differentOnes, direct.readsTheCard() ? "drawn in place to the end" : direct.whyHostCopies().c_str());
  const bool same = different == 0 && still < frames / 2 && pictures > 0 && differentOnes == 0 && direct.readsTheCard();
  return keepsItsRate(session, direct) && same ? 0 : 1;
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
  return error.code() == penumbra::ExitCode::Display ? penumbra::kSkipped : 1;
}
