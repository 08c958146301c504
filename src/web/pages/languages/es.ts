/** The texts of the sign-in pages in Spanish. */
import type { Texts } from './texts.ts'

/** Spanish. */
export const es: Texts = {
  ask: {
    title: 'Conectar su calendario de Google',
    busy: '{site} desea saber cuándo está ocupado su calendario, para ofrecer citas solo cuando esté libre.',
    full: '{site} desea ver sus eventos, para ofrecer citas solo cuando esté libre.',
    other: '{site} desea conectar su calendario.',
  },
  button: 'Iniciar sesión con Google',
  next: {
    Redirect: 'Se abrirá la página de Google. La contraseña se escribe solo allí; después volverá aquí.',
    Popup: 'Se abrirá una ventana de Google. La contraseña se escribe solo allí.',
  },
  onlyIfExpected:
    'Continúe solo si conoce {site} y esperaba esta petición. Si no, cierre la página: sin usted no ocurre nada.',
  added: {
    title: 'Novedades desde la última vez que aceptó',
    detail: 'También se publican los títulos, descripciones, lugares e invitados de sus eventos.',
    accessToken: 'Los programas de {site} obtienen su propio acceso a Google.',
    write: 'Se escriben citas en su calendario y las invitaciones se envían en su nombre.',
    calendar: 'Un calendario más: {calendar}',
    note: 'Hasta que inicie sesión, todo sigue como lo aceptó.',
  },
  details: {
    asker: 'Quién lo pide',
    askerOf: '{site} (espacio de nombres {namespace})',
    person: 'Para',
    account: 'Cuenta de Google',
    accountNote: 'Elija esta cuenta en Google; no se acepta ninguna otra.',
    calendars: 'Calendarios',
    primary: 'Su calendario principal',
    read: 'Qué se lee',
    readBusy: 'Cuándo empiezan y terminan sus eventos, y si cuentan como tiempo ocupado.',
    readFull: 'Sus eventos: cuándo empiezan y terminan, sus títulos, descripciones, lugares e invitados.',
    notRead: 'Qué no se lee',
    notReadBusy: 'Títulos, descripciones, lugares e invitados. Ni siquiera se solicitan.',
    notReadWriting:
      'Títulos, descripciones, lugares e invitados de otros eventos que no sean estas citas. Ni siquiera se solicitan.',
    written: 'Qué se escribe',
    writtenEvents:
      'Las citas que se reservan con {site}, en este calendario: {calendar}. También se cambian y se eliminan.',
    writtenMails: 'Google envía en su nombre las invitaciones y los cambios a los invitados de estas citas.',
    shown: 'Quién lo ve',
    shownBusy: 'Los programas de {site} ven cuándo está ocupado su calendario, y nada más.',
    shownFull: 'Los programas de {site} ven sus eventos con títulos, descripciones, lugares e invitados.',
    shownNone: 'Por ahora no se transmite nada a los programas de {site}.',
    shownWriting:
      'Los programas de {site} ven además qué ocurre con estas citas: si se han movido o cancelado, y qué responden sus invitados.',
    shownToken:
      'Los programas de {site} reciben además acceso propio a Google mientras dure la conexión. Con él pueden hacer todo lo que usted permita abajo.',
    allowed: 'Qué le pedirá Google que permita',
    allowedNote: 'Esto puede permitir más de lo que se hace: sus calendarios solo se leen, no se cambia nada en ellos.',
    allowedNoteWriting:
      'Esto puede permitir más de lo que se hace: solo se escriben las citas que se reservan aquí y no se cambia ningún otro evento.',
  },
  scopes: {
    calendar:
      'Ver, editar, compartir y eliminar de forma permanente todos los calendarios a los que puede acceder con Google Calendar',
    calendarReadonly: 'Ver y descargar cualquier calendario al que puede acceder con Google Calendar',
    events: 'Ver y editar eventos en sus calendarios',
    eventsReadonly: 'Ver eventos en sus calendarios',
    freeBusy: 'Ver su disponibilidad en sus calendarios',
    calendarList: 'Ver la lista de sus calendarios',
    identity: 'Ver su nombre y su dirección de correo electrónico',
  },
  stored: {
    title: 'Qué se guarda',
    text: 'Un permiso de Google, guardado donde funciona {site}, con el que se lee su calendario sin su intervención. Nunca su contraseña.',
    writing: 'También permite escribir citas en él.',
  },
  withdraw: {
    title: 'Cómo retirar el permiso',
    text: 'En cualquier momento, en su cuenta de Google, en {link}. Desde entonces ya no hay acceso.',
    link: 'Aplicaciones y servicios de terceros',
  },
  lastsUntil: 'La conexión dura hasta el {date}. Después tendrá que iniciar sesión de nuevo.',
  renewBefore: 'La conexión actual termina el {date}. Al iniciar sesión de nuevo se renueva.',
  outcomes: {
    connected: {
      title: 'Su calendario está conectado',
      text: 'El calendario de {account} está conectado con {site}. Puede cerrar esta ventana.',
    },
    denied: {
      title: 'No se permitió el acceso',
      text: 'No se ha conectado ni guardado nada. Si fue un error, inicie sesión de nuevo y elija «Continuar» o «Permitir» en Google.',
    },
    'wrong-account': {
      title: 'Era otra cuenta de Google',
      text: 'Este enlace es para {account}. No se ha conectado nada. Inicie sesión de nuevo y elija esa cuenta; si Google no la ofrece, elija «Usar otra cuenta».',
    },
    'scope-missing': {
      title: 'Falta un permiso',
      text: 'No se ha conectado nada. Inicie sesión de nuevo y, en la página de Google, marque la casilla de cada uno de estos permisos:',
    },
    'no-refresh-token': {
      title: 'Google no dio un permiso duradero',
      text: 'No se ha conectado nada. Inicie sesión de nuevo. Si no sirve, quite primero el acceso de este sitio en su cuenta de Google, en {link}.',
    },
    expired: {
      title: 'Este intento ha terminado',
      text: 'Un intento de iniciar sesión dura diez minutos y vale una sola vez. Si acaba de completarlo, vuelva a cargar esta página en un momento: entonces lo indicará. Si no, inicie sesión de nuevo.',
    },
    'settings-not-in-effect': {
      title: 'Google todavía no conoce este sitio',
      text: 'Los cambios de configuración en Google tardan entre 5 minutos y unas horas en tener efecto. No se ha conectado nada. Inténtelo más tarde; si sigue igual, avise a quien administra {site}.',
    },
    'blocked-by-admin': {
      title: 'Su organización no lo permite',
      text: 'Quien administra esta cuenta de Google, en el trabajo o en el centro educativo, ha bloqueado el acceso. No se ha conectado nada. Pida a su administrador que permita {site} en Google Workspace y vuelva a iniciar sesión.',
    },
    'not-a-member': {
      title: 'Esta cuenta no pertenece a la organización',
      text: 'En Google, solo los miembros de una organización pueden conectarse con {site}, y la cuenta elegida no es uno de ellos. No se ha conectado nada. Vuelva a iniciar sesión con {account}; si Google rechaza también esa cuenta, pregunte al administrador de Google Workspace de la organización.',
    },
    'google-unreachable': {
      title: 'No se puede contactar con Google',
      text: 'No se ha conectado nada. Inténtelo de nuevo dentro de unos minutos.',
    },
    suspended: {
      title: 'La conexión está en pausa',
      text: 'Quien administra {site} la ha puesto en pausa y no se lee nada. No tiene que hacer nada.',
    },
    'not-needed': {
      title: 'Su calendario ya está conectado',
      text: 'No tiene que hacer nada. Puede cerrar esta ventana.',
    },
  },
  pages: {
    notFound: {
      title: 'Este enlace no es válido',
      text: 'Puede estar incompleto o ya no estar en uso. Pida uno nuevo a quien se lo envió.',
    },
    refused: {
      title: 'No se puede continuar este inicio de sesión',
      text: 'Ha tardado demasiado, ya ha terminado o empezó en otro navegador. No se ha cambiado nada. Abra el enlace que recibió y empiece de nuevo.',
    },
    tooManyRequests: {
      title: 'Demasiadas solicitudes',
      text: 'Espere un minuto y vuelva a cargar la página.',
    },
    failed: {
      title: 'Algo ha fallado aquí',
      text: 'Inténtelo de nuevo dentro de unos minutos. Si sigue igual, avise a quien le envió el enlace.',
    },
  },
  popup: {
    noScript:
      'En este sitio, iniciar sesión con Google requiere JavaScript, que está desactivado en su navegador. Actívelo y vuelva a cargar la página.',
    working: 'Un momento, por favor…',
    blocked:
      'Su navegador ha bloqueado la ventana de Google. Permita las ventanas emergentes de este sitio y pulse el botón de nuevo.',
    closed:
      'La ventana de Google se cerró antes de terminar. No se ha conectado nada. Pulse el botón para intentarlo de nuevo.',
    notLoaded:
      'No se pudo cargar el inicio de sesión de Google. Compruebe su conexión y los bloqueadores de contenido, y vuelva a cargar la página.',
    failed: 'No ha funcionado y no se ha conectado nada. Vuelva a cargar la página dentro de un minuto.',
  },
}
