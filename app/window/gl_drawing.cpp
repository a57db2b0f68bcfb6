#include "app/window/gl_drawing.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <penumbra_shaders.h>

#include "app/window/closed_surface.h"
#include "app/window/colours.h"
#include "app/window/gl_mesh.h"
#include "app/window/gl_pictures.h"

namespace penumbra {
namespace {

struct GlLines {
  GlArray array = makeArray();
  GlBuffer vertices = makeBuffer();

  GlLines() {
    glBindVertexArray(array.get());
    glBindBuffer(GL_ARRAY_BUFFER, vertices.get());
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 3, GL_FLOAT, GL_FALSE, sizeof(LineVertex), nullptr);
    glEnableVertexAttribArray(1);
    glVertexAttribPointer(1, 4, GL_UNSIGNED_BYTE, GL_TRUE, sizeof(LineVertex), reinterpret_cast<const void*>(offsetof(LineVertex, colour)));
    glBindVertexArray(0);
  }

  void draw(GLenum kind, const std::vector<LineVertex>& data) const {
    glBindVertexArray(array.get());
    glBindBuffer(GL_ARRAY_BUFFER, vertices.get());
    glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(data.size() * sizeof(LineVertex)), data.data(), GL_STREAM_DRAW);
    glDrawArrays(kind, 0, GLsizei(data.size()));
    glBindVertexArray(0);
  }
};

// Colour texture, depth, and with several samples a second framebuffer they are resolved from.
struct Target {
  int width = 0, height = 0, samples = 0;
  GlFramebuffer drawn, resolved;
  GlTexture texture;
  GlRenderbuffer colour, depth;

  void resize(int w, int h, int wantedSamples) {
    if (w == width && h == height && wantedSamples == samples) return;
    width = w, height = h, samples = wantedSamples;
    texture = makeTexture();
    glBindTexture(GL_TEXTURE_2D, texture.get());
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, w, h, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    for (GLenum parameter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER}) glTexParameteri(GL_TEXTURE_2D, parameter, GL_LINEAR);
    for (GLenum parameter : {GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T}) glTexParameteri(GL_TEXTURE_2D, parameter, GL_CLAMP_TO_EDGE);
    resolved = makeFramebuffer();
    glBindFramebuffer(GL_FRAMEBUFFER, resolved.get());
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture.get(), 0);
    depth = makeRenderbuffer();
    glBindRenderbuffer(GL_RENDERBUFFER, depth.get());
    glRenderbufferStorageMultisample(GL_RENDERBUFFER, samples, GL_DEPTH_COMPONENT24, w, h);
    if (samples > 0) {
      colour = makeRenderbuffer();
      glBindRenderbuffer(GL_RENDERBUFFER, colour.get());
      glRenderbufferStorageMultisample(GL_RENDERBUFFER, samples, GL_RGBA8, w, h);
      drawn = makeFramebuffer();
      glBindFramebuffer(GL_FRAMEBUFFER, drawn.get());
      glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour.get());
    }
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, depth.get());
  }

  void bind() const { glBindFramebuffer(GL_FRAMEBUFFER, samples > 0 ? drawn.get() : resolved.get()); }
  void resolve() const {
    if (samples == 0) return;
    glBindFramebuffer(GL_READ_FRAMEBUFFER, drawn.get());
    glBindFramebuffer(GL_DRAW_FRAMEBUFFER, resolved.get());
    glBlitFramebuffer(0, 0, width, height, 0, 0, width, height, GL_COLOR_BUFFER_BIT, GL_NEAREST);
  }
};

bool sameLines(const std::vector<LineVertex>& a, const std::vector<LineVertex>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(LineVertex)) == 0);
}

}  // namespace

std::vector<glm::vec3> smoothNormals(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces) {
  std::vector<glm::vec3> normals(positions.size(), glm::vec3(0));
  for (const Face& f : faces) {
    const glm::vec3 n = glm::cross(positions[f[1]] - positions[f[0]], positions[f[2]] - positions[f[0]]);
    for (int k = 0; k < 3; ++k) normals[f[k]] += n;
  }
  for (auto& n : normals)
    if (const float length = glm::length(n); length > 0) n /= length;
  return normals;
}

struct GlDrawing::State {
  State(const device::CudaApi* api, InteropMode mode) : interop(api, mode) {}

  GlProgram meshProgram{shader::mesh_vert, shader::mesh_frag, "mesh"};
  GlProgram fastMeshProgram{shader::vertex_lit_mesh_vert, shader::vertex_lit_mesh_frag, "vertex-lit mesh"};
  GlProgram lineProgram{shader::lines_vert, shader::lines_frag, "lines"};
  GlMesh mesh, ghost;
  ClosedSurface meshSurface, ghostSurface;  // known under software OpenGL
  GlPictures pictures;
  CudaInterop interop;                   // goes before the buffers it knows
  GlLines lines;
  Target target;
  std::map<int, GlTexture> images;
  std::string renderer, version;
  bool isSoftware = false, alwaysFine = false;
  int samples = 0;

  SceneFrame last;                       // what the target shows
  int lastFine = -1;
  std::shared_ptr<const std::vector<glm::vec3>> uploadedPositions;
  std::shared_ptr<const PublishedGeometry> uploadedGeometry;  // instead of uploadedPositions
  std::shared_ptr<const std::vector<float>> uploadedGradient;
  std::shared_ptr<const std::vector<Face>> uploadedFaces;
  std::shared_ptr<const Mesh> uploadedReference;

  void upload(const Snapshot& s);
  void uploadVertices(const Snapshot& s);
  void uploadReference(const Snapshot& s);
  void drawBackground();
  const GlProgram& useMeshProgram(const SceneFrame& frame, bool fast) const;
  void drawFilled(const GlMesh& which, const ClosedSurface& surface, const SceneFrame& frame) const;
  void drawMesh(const SceneFrame& frame, bool fast);
  void drawGhost(const SceneFrame& frame, bool fast);
  bool changed(const SceneFrame& frame, int fine) const;
  const GlTexture& imageTexture(int slot);
};

GlDrawing::GlDrawing(InteropMode interop) : state_(std::make_unique<State>(device::cudaRuntime(), interop)) {
  State& s = *state_;
  s.renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  const char* version = reinterpret_cast<const char*>(glGetString(GL_VERSION));
  s.version = std::string(version).substr(0, std::string(version).find(' '));
  for (const char* name : {"llvmpipe", "softpipe", "swrast", "SVGA3D", "Software"}) s.isSoftware |= s.renderer.find(name) != std::string::npos;
  GLint most = 0;
  glGetIntegerv(GL_MAX_SAMPLES, &most);
  s.samples = s.isSoftware ? 0 : std::min(4, int(most));
}

GlDrawing::~GlDrawing() = default;

void GlDrawing::setAlwaysFine(bool fine) { state_->alwaysFine = fine; }
bool GlDrawing::software() const { return state_->isSoftware; }

bool GlDrawing::readsTheCard() const { return state_->interop.usable(); }
std::string GlDrawing::whyHostCopies() const { return state_->interop.reason(); }

std::string GlDrawing::description() const {
  return "OpenGL " + state_->version + ", " + state_->renderer.substr(0, state_->renderer.find(" ("));
}

bool GlDrawing::State::changed(const SceneFrame& f, int fine) const {
  if (fine != lastFine || f.width != last.width || f.height != last.height || !(f.display == last.display)) return true;
  if (f.matrices.clipFromEye != last.matrices.clipFromEye || f.matrices.eyeFromWorld != last.matrices.eyeFromWorld) return true;
  if (f.snapshot->positions != last.snapshot->positions || f.snapshot->geometry != last.snapshot->geometry || f.snapshot->faces != last.snapshot->faces || f.snapshot->views != last.snapshot->views) return true;
  return !sameLines(f.lines, last.lines) || (f.display.shading == Shading::Heat && f.snapshot->vertexGradient != last.snapshot->vertexGradient);
}

// From the card's memory when the snapshot carries it, else from the host's.
void GlDrawing::State::uploadVertices(const Snapshot& s) {
  if (!s.positions || !s.faces) return;
  if (s.onCard && !interop.probed()) {
    const GlBuffer tiny = makeBuffer();
    glBindBuffer(GL_ARRAY_BUFFER, tiny.get());
    glBufferData(GL_ARRAY_BUFFER, 16, nullptr, GL_STREAM_DRAW);
    interop.probe(tiny.get());
  }
  const bool fits = s.geometry && std::size_t(s.geometry->vertexCount) == s.positions->size();
  if (fits ? s.geometry == uploadedGeometry : s.positions == uploadedPositions) return;
  if (fits && mesh.setVertices(s.geometry, interop)) {
    uploadedGeometry = s.geometry;
    uploadedPositions.reset();
    return;
  }
  if (isSoftware) meshSurface.setVertices(*s.positions, *s.faces);
  const bool given = s.normals && s.normals->size() == s.positions->size();
  mesh.setVertices(*s.positions, given ? *s.normals : smoothNormals(*s.positions, *s.faces));
  uploadedPositions = s.positions;
  uploadedGeometry.reset();
}

void GlDrawing::State::uploadReference(const Snapshot& s) {
  const auto reference = s.views ? s.views->reference : nullptr;
  if (reference == uploadedReference) return;
  uploadedReference = reference;
  if (!reference) return;
  ghost.setFaces(reference->faces);
  ghost.setVertices(reference->positions, smoothNormals(reference->positions, reference->faces));
  ghost.setHeat(nullptr);
  if (!isSoftware) return;
  ghostSurface.setFaces(reference->faces);
  ghostSurface.setVertices(reference->positions, reference->faces);
}

void GlDrawing::State::upload(const Snapshot& s) {
  const bool otherFaces = s.faces && s.faces != uploadedFaces;
  if (otherFaces) mesh.setFaces(*s.faces), uploadedFaces = s.faces;
  if (otherFaces && isSoftware) meshSurface.setFaces(*s.faces);
  uploadVertices(s);
  if (s.positions && (otherFaces || s.vertexGradient != uploadedGradient)) mesh.setHeat(s.vertexGradient.get()), uploadedGradient = s.vertexGradient;
  uploadReference(s);
}

// A gradient of plain clears: as many bands as it has grey levels, and far cheaper than a shaded quad in software.
void GlDrawing::State::drawBackground() {
  constexpr int kBands = 24;
  const Rgba upper{46, 51, 61}, lower{24, 26, 32};
  glEnable(GL_SCISSOR_TEST);
  for (int band = 0; band < kBands; ++band) {
    const int y0 = target.height * band / kBands, y1 = target.height * (band + 1) / kBands;
    const Rgba c = mixColour(lower, upper, (band + 0.5) / kBands);
    glScissor(0, y0, target.width, y1 - y0);
    glClearColor(c.r / 255.f, c.g / 255.f, c.b / 255.f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
  }
  glDisable(GL_SCISSOR_TEST);
}

// Triangles of a few pixels each cost software OpenGL a block of pixels each: lit at their vertices they are far cheaper.
const GlProgram& GlDrawing::State::useMeshProgram(const SceneFrame& f, bool fast) const {
  const GlProgram& program = fast ? fastMeshProgram : meshProgram;
  program.use();
  program.set("clipFromWorld", glm::mat4(f.matrices.clipFromWorld()));
  program.set("eyeFromWorld", glm::mat4(f.matrices.eyeFromWorld));
  program.set("parallel", int(f.matrices.clipFromEye[2][3] == 0));
  return program;
}

// Without the back faces where they cannot be seen: in software half of the work.
void GlDrawing::State::drawFilled(const GlMesh& which, const ClosedSurface& surface, const SceneFrame& f) const {
  if (surface.hidesItsBacks(f.matrices.clipFromWorld())) glEnable(GL_CULL_FACE);
  which.draw();
  glDisable(GL_CULL_FACE);
}

void GlDrawing::State::drawMesh(const SceneFrame& f, bool fast) {
  if (!f.snapshot->positions || !f.snapshot->faces) return;
  const GlProgram& program = useMeshProgram(f, fast);
  program.set("mode", int(f.display.shading));
  glEnable(GL_POLYGON_OFFSET_FILL);
  glPolygonOffset(1, 1);
  drawFilled(mesh, meshSurface, f);
  glDisable(GL_POLYGON_OFFSET_FILL);
  if (!f.display.wireframe) return;
  program.set("mode", 4);
  program.set("flatColour", glm::vec4(0.06f, 0.07f, 0.09f, 0.55f));
  glPolygonMode(GL_FRONT_AND_BACK, GL_LINE);
  mesh.draw();
  glPolygonMode(GL_FRONT_AND_BACK, GL_FILL);
}

void GlDrawing::State::drawGhost(const SceneFrame& f, bool fast) {
  if (!f.display.ghost || !uploadedReference) return;
  const GlProgram& program = useMeshProgram(f, fast);
  program.set("mode", 3);
  program.set("flatColour", glm::vec4(0.36f, 0.66f, 1.0f, 0.62f));
  // Depth first, so that only the nearest layer is blended; the mesh in front may hide it.
  glDepthFunc(GL_LEQUAL);
  glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
  drawFilled(ghost, ghostSurface, f);
  glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
  glDepthMask(GL_FALSE);
  drawFilled(ghost, ghostSurface, f);
  glDepthMask(GL_TRUE);
}

TextureId GlDrawing::scene(const SceneFrame& frame) {
  State& s = *state_;
  if (frame.width <= 0 || frame.height <= 0) return 0;
  const int fine = s.samples == 0 && (!frame.moving || s.alwaysFine) ? 2 : 1;
  const bool fast = s.isSoftware && fine == 1;
  if (s.target.texture.get() && !s.changed(frame, fine)) return s.target.texture.get();
  GLint before = 0;
  glGetIntegerv(GL_FRAMEBUFFER_BINDING, &before);
  s.upload(*frame.snapshot);
  s.target.resize(frame.width * fine, frame.height * fine, s.samples);
  s.target.bind();
  glViewport(0, 0, s.target.width, s.target.height);
  glDisable(GL_SCISSOR_TEST);
  glDisable(GL_CULL_FACE);
  glClear(GL_DEPTH_BUFFER_BIT);
  s.drawBackground();
  glEnable(GL_DEPTH_TEST);
  glEnable(GL_BLEND);
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  s.drawMesh(frame, fast);
  s.lineProgram.use();
  s.lineProgram.set("clipFromWorld", glm::mat4(frame.matrices.clipFromWorld()));
  glLineWidth(1);
  s.lines.draw(GL_LINES, frame.lines);
  s.drawGhost(frame, fast);
  glDisable(GL_BLEND);
  glDisable(GL_DEPTH_TEST);
  s.target.resolve();
  glBindFramebuffer(GL_FRAMEBUFFER, GLuint(before));
  s.last = frame;
  s.lastFine = fine;
  return s.target.texture.get();
}

void GlDrawing::drawUnderlays(const std::vector<Underlay>& underlays, int height, float scale) {
  GLint screen = 0;
  glGetIntegerv(GL_FRAMEBUFFER_BINDING, &screen);
  const Target& target = state_->target;
  glEnable(GL_SCISSOR_TEST);
  for (const Underlay& u : underlays) {
    const int x = int(u.area.x * scale), w = int(u.area.right() * scale) - x;
    const int y = height - int(u.area.bottom() * scale), h = height - int(u.area.y * scale) - y;
    glScissor(x, y, w, h);
    if (u.texture != 0 && u.texture == target.texture.get()) {
      glBindFramebuffer(GL_READ_FRAMEBUFFER, target.resolved.get());
      const bool same = target.width == w && target.height == h;
      glBlitFramebuffer(0, 0, target.width, target.height, x, y, x + w, y + h, GL_COLOR_BUFFER_BIT, same ? GL_NEAREST : GL_LINEAR);
    } else {
      glClearColor(u.colour.r / 255.f, u.colour.g / 255.f, u.colour.b / 255.f, 1);
      glClear(GL_COLOR_BUFFER_BIT);
    }
  }
  glDisable(GL_SCISSOR_TEST);
  glBindFramebuffer(GL_FRAMEBUFFER, GLuint(screen));
}

// Of a slot, made when first asked for.
const GlTexture& GlDrawing::State::imageTexture(int slot) {
  GlTexture& texture = images[slot];
  if (texture.get()) return texture;
  texture = makeTexture();
  glBindTexture(GL_TEXTURE_2D, texture.get());
  for (GLenum parameter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER}) glTexParameteri(GL_TEXTURE_2D, parameter, GL_LINEAR);
  for (GLenum parameter : {GL_TEXTURE_WRAP_S, GL_TEXTURE_WRAP_T}) glTexParameteri(GL_TEXTURE_2D, parameter, GL_CLAMP_TO_EDGE);
  return texture;
}

TextureId GlDrawing::cardImage(int slot, const CardPicture& picture) {
  GLint before = 0;
  glGetIntegerv(GL_FRAMEBUFFER_BINDING, &before);
  const GLuint texture = state_->imageTexture(slot).get();
  const bool drawn = state_->pictures.draw(slot, picture, texture, state_->interop);
  glBindFramebuffer(GL_FRAMEBUFFER, GLuint(before));
  return drawn ? texture : 0;
}

TextureId GlDrawing::image(int slot, const RgbaImage* content) {
  if (!content || content->empty()) return state_->images[slot].get();
  const GlTexture& texture = state_->imageTexture(slot);
  glBindTexture(GL_TEXTURE_2D, texture.get());
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, content->width, content->height, 0, GL_RGBA, GL_UNSIGNED_BYTE, content->pixels.data());
  return texture.get();
}

}  // namespace penumbra
