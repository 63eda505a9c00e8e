// Sounds that are told apart without looking, made here and loaded nowhere. Of a decision: two notes up, one held note,
// two low ones. Of a kiosk besides: a touch, a key, a card that was read, the warning, and the end of a session.

const NOTES = {
  granted: [[660, 0, 0.12], [990, 0.13, 0.2]],
  attention: [[740, 0, 0.34]],
  denied: [[220, 0, 0.18], [165, 0.22, 0.34]],
  press: [[660, 0, 0.05]],
  key: [[880, 0, 0.03]],
  card: [[740, 0, 0.08], [1109, 0.09, 0.12]],
  warning: [[784, 0, 0.12], [784, 0.24, 0.12], [784, 0.48, 0.12]],
  end: [[523, 0, 0.1], [392, 0.12, 0.16]],
};
const SHAPES = { attention: "triangle", denied: "square" };
const LOUDNESS = { granted: 0.5, attention: 0.5, denied: 0.22 };
const USUAL_SHAPE = "sine";
const USUAL_LOUDNESS = 0.25;

const context = "AudioContext" in window ? new AudioContext() : null;

/** Whether the browser lets this page make a sound. It asks for a touch first, unless it was started for a kiosk. */
export function canSound() {
  return context === null || context.state === "running";
}

/** Ask for sound, from a touch or a key; `done` is called when it is there. */
export function wakeSound(done) {
  context?.resume().then(done);
}

/** Play a sound by name, such as an outcome: granted, attention or denied. Returns at once. */
export function play(outcome) {
  if (!context || context.state !== "running") {
    return;
  }
  for (const [pitch, after, long] of NOTES[outcome] ?? []) {
    const start = context.currentTime + after;
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.type = SHAPES[outcome] ?? USUAL_SHAPE;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS[outcome] ?? USUAL_LOUDNESS, start + 0.01);
    volume.gain.linearRampToValueAtTime(0, start + long);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + long);
  }
  document.body.dataset.sounded = outcome;
}
