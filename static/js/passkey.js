// Asks the browser for a passkey, and sends its answer with the form. Without this file the code still works.
"use strict";

(() => {
  const part = document.querySelector("[data-passkey]");
  if (!part || !window.PublicKeyCredential) return;
  const form = part.closest("form");
  const button = part.querySelector("button");
  const failed = part.querySelector("[data-failed]");
  const password = form.querySelector("input[type=password]");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

  const asked = () => {
    const options = JSON.parse(part.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const each of [...(options.allowCredentials || []), ...(options.excludeCredentials || [])]) {
      each.id = bytes(each.id);
    }
    return { publicKey: options };
  };

  const answer = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: credential.id, type: credential.type, response });
  };

  const use = async () => {
    failed.hidden = true;
    if (password && !password.value) {
      password.focus();
      return;
    }
    try {
      const credential = await navigator.credentials[part.dataset.passkey](asked());
      form.querySelector("[name=passkey]").value = answer(credential);
    } catch {
      failed.hidden = false;
      return;
    }
    form.submit();
  };

  button.addEventListener("click", use);
  part.querySelector("[data-without]").hidden = true;
  button.hidden = false;
})();
