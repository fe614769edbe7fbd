// Two soft tones, made here: no file to load.

let audio: AudioContext | null = null

export function chime(): void {
  try {
    audio ??= new AudioContext()
    const from = audio.currentTime
    for (const [i, hz] of [660, 880].entries()) {
      const tone = audio.createOscillator()
      const gain = audio.createGain()
      tone.frequency.value = hz
      gain.gain.setValueAtTime(0, from + i * 0.13)
      gain.gain.linearRampToValueAtTime(0.08, from + i * 0.13 + 0.02)
      gain.gain.exponentialRampToValueAtTime(0.0001, from + i * 0.13 + 0.3)
      tone.connect(gain).connect(audio.destination)
      tone.start(from + i * 0.13)
      tone.stop(from + i * 0.13 + 0.32)
    }
  } catch { /* a browser without sound, or that allows none before a click */ }
}
